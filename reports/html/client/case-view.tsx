import { useEffect, useState } from "preact/hooks";
import type { CaseDescription } from "../../../harness/model/evidence.js";
import type { CaseResult } from "../../../harness/model/outcome.js";
import type { Trace } from "../../../harness/model/trace.js";
import type { ArchivedCase, IndexedCase, PageIndex } from "../page-data.js";
import { readCase, readFiles, readTraces } from "./archive.js";
import { Fold } from "./fold.js";
import { LoadView } from "./load-view.js";
import { MismatchView } from "./mismatch-view.js";
import { durationText, OutcomeMark } from "./outcome.js";
import { sourcePath } from "../../source-path.js";
import type { Go, Route } from "./route.js";
import { SourceView } from "./source-view.js";
import { StepView } from "./step-view.js";
import { TopologyView } from "./topology-view.js";
import { TraceView } from "./trace-view.js";
import { VerdictTable } from "./verdict-table.js";

/** One case in full: what is wrong first, then what was seen step by step, then what it was run with. */
export function CaseView(props: { index: PageIndex; each: IndexedCase; route: Route; go: Go }) {
  const { index, each, route, go } = props;
  const [archived, setArchived] = useState<ArchivedCase>();
  const [traces, setTraces] = useState<readonly Trace[]>([]);
  const [files, setFiles] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    let current = true;
    void readCase(each).then((value) => current && setArchived(value));
    void readTraces(each).then((value) => current && setTraces(value));
    void readFiles().then((value) => current && setFiles(value));
    return () => {
      current = false;
    };
  }, [each]);
  const { path, scenario } = index.files[each.file]!;
  const results = archived?.results ?? [];
  const chosen =
    results.find(({ backend }) => backend === route.backend) ??
    results.find(({ outcome }) => outcome === "failed" || outcome === "error") ??
    results.find(({ outcome }) => outcome === "passed") ??
    results[0];
  useEffect(() => {
    if (results.length < 2) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "b" || event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
      const next = results[(results.indexOf(chosen!) + 1) % results.length]!;
      go({ backend: next.backend });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [results, chosen]);
  return (
    <article class="case" aria-label={each.name}>
      <header>
        <button class="back" onClick={() => go({ open: undefined })}>
          ← cases
        </button>
        <h2>{each.name}</h2>
        <p class="dim">
          {scenario} ·{" "}
          <span class="path">
            {path}:{results[0]?.span.start.line ?? ""}
          </span>
        </p>
        {archived?.description && <Program index={index} description={archived.description} go={go} />}
      </header>
      {archived && chosen && (
        <>
          <div class="tabs" role="tablist" aria-label="Backends">
            {results.map(({ backend, outcome, verdict, durationMs }) => (
              <button
                key={backend}
                role="tab"
                aria-selected={backend === chosen.backend}
                onClick={() => go({ backend })}
              >
                <OutcomeMark outcome={outcome} of={backend} /> <b>{backend}</b>{" "}
                <span class="verdict">{verdict ?? ""}</span> <span class="dim">{durationText(durationMs)}</span>
              </button>
            ))}
          </div>
          <div role="tabpanel" aria-label={chosen.backend}>
            <ResultView result={chosen} {...archived} files={files} traces={traces} />
          </div>
        </>
      )}
    </article>
  );
}

/** What is under test, with the way to its source and what of it ran. */
function Program({ index, description, go }: { index: PageIndex; description: CaseDescription; go: Go }) {
  const { entry, object, hook, sources } = description;
  const file = sources.map(sourcePath).find((path) => path.endsWith(`${object}.bpf.c`));
  return (
    <p class="dim">
      program <b>{entry}</b>
      {file !== undefined && (
        <>
          {" of "}
          {index.coverage ? (
            <button class="path" onClick={() => go({ view: "coverage", file, open: undefined })}>
              {file}
            </button>
          ) : (
            <span class="path">{file}</span>
          )}
        </>
      )}{" "}
      at {hook}
    </p>
  );
}

function ResultView(props: {
  result: CaseResult;
  results: readonly CaseResult[];
  description: CaseDescription | undefined;
  files: ReadonlyMap<string, string>;
  traces: readonly Trace[];
}) {
  const { result, results, description, files, traces } = props;
  const { evidence } = result;
  return (
    <>
      <MismatchView result={result} />
      {description && <VerdictTable description={description} results={results} />}
      {description?.steps.map((step, i) => (
        <StepView
          key={`${result.backend} ${i}`}
          description={description}
          step={step}
          seen={evidence?.steps.find((seen) => seen.step === i)}
          alone={description.steps.length === 1}
        />
      ))}
      {traces.length > 0 && (
        <Fold
          title="Trace"
          note="in the simulator; ← → instructions, ↑ ↓ lines of C"
          open={result.outcome === "failed"}
        >
          <TraceView traces={traces} files={files} />
        </Fold>
      )}
      {description && (
        <Fold title="Topology" open>
          <TopologyView description={description} />
        </Fold>
      )}
      {evidence?.load && <LoadView load={evidence.load} />}
      {files.has(result.file) && (
        <Fold title="Scenario" note={result.file}>
          <SourceView
            text={files.get(result.file)!}
            from={result.span.start.line}
            to={result.span.end.line}
            marked={result.mismatches
              .filter(({ span }) => span.file === result.file)
              .map(({ span }) => span.start.line)}
          />
        </Fold>
      )}
      <Fold title="Run it again" open>
        <Command text={result.replay} />
      </Fold>
    </>
  );
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <p class="command">
      <code>{text}</code>
      <button onClick={copy}>{copied ? "copied" : "copy"}</button>
    </p>
  );
}
