import type { CaseResult } from "../../../harness/model/outcome.js";

/** What is not as the scenario says, expected against actual; or why nothing could be found out. */
export function MismatchView({ result }: { result: CaseResult }) {
  const { mismatches, error, missing } = result;
  return (
    <>
      {error && (
        <section class="trouble" aria-label="Error">
          <h3>Could not find out: {error.code}</h3>
          <pre>{error.message}</pre>
        </section>
      )}
      {missing.length > 0 && (
        <section class="skipped" aria-label="Skipped">
          <p>
            <b>Not seen on {result.backend}:</b> {missing.join("; ")}
          </p>
        </section>
      )}
      {mismatches.length > 0 && (
        <section class="trouble" aria-label="Mismatches">
          <table class="mismatches">
            <thead>
              <tr>
                <th scope="col">what differs</th>
                <th scope="col">expected</th>
                <th scope="col">actual</th>
                <th scope="col">where it says so</th>
              </tr>
            </thead>
            {mismatches.map(({ what, expected, actual, span, step, details }, i) => (
              <tbody key={i}>
                <tr>
                  <th scope="row">{what}</th>
                  <td class="expected">{expected}</td>
                  <td class="actual">{actual}</td>
                  <td class="dim">
                    {step}, line {span.start.line}
                  </td>
                </tr>
                {details.length > 0 && (
                  <tr>
                    <td colSpan={4}>
                      <details open={i === 0 && details.join("\n").length < 1500}>
                        <summary>evidence</summary>
                        <pre tabIndex={0}>{details.join("\n")}</pre>
                      </details>
                    </td>
                  </tr>
                )}
              </tbody>
            ))}
          </table>
        </section>
      )}
    </>
  );
}
