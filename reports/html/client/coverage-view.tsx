import { useEffect, useMemo, useState } from "preact/hooks";
import { coverageShares, type FileCoverage, type Share } from "../../coverage.js";
import { readCoverage, readFiles } from "./archive.js";
import { CoveredSource } from "./covered-source.js";
import type { Go, Route } from "./route.js";

/** Which lines and branches of C the simulator's runs executed: all files, and one of them with its source. */
export function CoverageView({ route, go }: { route: Route; go: Go }) {
  const [coverage, setCoverage] = useState<readonly FileCoverage[]>();
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    void readCoverage().then(setCoverage);
    void readFiles().then(setTexts);
  }, []);
  if (!coverage) return null;
  const open = coverage.find(({ file }) => file === route.file);
  return (
    <div class="coverage">
      {open ? (
        <OneFile coverage={open} text={texts.get(open.file)} go={go} />
      ) : (
        <AllFiles coverage={coverage} go={go} />
      )}
    </div>
  );
}

export function percentText({ hit, of }: Share): string {
  if (of === 0) return "–";
  // What is not all is not rounded up to it.
  const percent = (100 * hit) / of;
  return `${hit < of ? Math.min(99.9, Math.round(percent * 10) / 10).toFixed(1) : "100"} %`;
}

function AllFiles({ coverage, go }: { coverage: readonly FileCoverage[]; go: Go }) {
  const rows = useMemo(() => coverage.map((each) => ({ file: each.file, shares: coverageShares([each]) })), [coverage]);
  const all = coverageShares(coverage);
  return (
    <>
      <h2>
        C files <span class="dim">as the simulator ran them, all cases together</span>
      </h2>
      <table class="counts">
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col">lines</th>
            <th scope="col">branches</th>
            <th scope="col">functions</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ file, shares }) => (
            <tr key={file}>
              <td>
                <button class="path" onClick={() => go({ file })}>
                  {file}
                </button>
              </td>
              <ShareCell share={shares.lines} />
              <ShareCell share={shares.branches} />
              <ShareCell share={shares.functions} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">all</th>
            <ShareCell share={all.lines} />
            <ShareCell share={all.branches} />
            <ShareCell share={all.functions} />
          </tr>
        </tfoot>
      </table>
    </>
  );
}

function ShareCell({ share }: { share: Share }) {
  const { hit, of } = share;
  if (of === 0) return <td class="dim">–</td>;
  return (
    <td class="share" title={`${hit} of ${of}`}>
      <meter min={0} max={of} value={hit} aria-label={`${hit} of ${of}`} />
      <span class={hit === of ? "passed" : ""}>{percentText(share)}</span>
    </td>
  );
}

function OneFile({ coverage, text, go }: { coverage: FileCoverage; text: string | undefined; go: Go }) {
  const { lines, branches, functions } = coverageShares([coverage]);
  return (
    <>
      <button class="back" onClick={() => go({ file: undefined })}>
        ← all files
      </button>
      <h2 class="path">{coverage.file}</h2>
      <p class="dim">
        {percentText(lines)} of {lines.of} lines, {percentText(branches)} of {branches.of} branches,{" "}
        {percentText(functions)} of {functions.of} functions
      </p>
      <CoveredSource coverage={coverage} text={text} />
    </>
  );
}
