import { useMemo, useRef, useState } from "preact/hooks";
import type { BranchCoverage } from "../../../harness/model/coverage.js";
import type { FileCoverage } from "../../coverage.js";

/** A C file with how often each line ran, and which ways its conditional jumps went. */
export function CoveredSource({ coverage, text }: { coverage: FileCoverage; text: string | undefined }) {
  const box = useRef<HTMLPreElement>(null);
  const [open, setOpen] = useState<number>();
  const { hits, branches, called } = useMemo(() => byLine(coverage), [coverage]);
  // Without its text, a file still has the lines that were counted.
  const numbers = text === undefined ? [...hits.keys()] : text.split("\n").map((_, i) => i + 1);
  const lines = text?.split("\n") ?? [];
  const toNext = (direction: 1 | -1): void => {
    const gaps = [...(box.current?.querySelectorAll<HTMLElement>(".gap") ?? [])];
    // A stretch of lines that never ran is one stop.
    const stops = gaps.filter((gap) => !gap.previousElementSibling?.classList.contains("gap"));
    const top = box.current!.scrollTop + margin;
    const next =
      direction > 0
        ? stops.find(({ offsetTop }) => offsetTop > top + 1)
        : stops.findLast(({ offsetTop }) => offsetTop < top - 1);
    if (next) box.current!.scrollTop = next.offsetTop - margin;
  };
  return (
    <>
      <div class="controls" role="toolbar" aria-label="Lines that never ran, wholly or in part">
        <button onClick={() => toNext(-1)}>▲ gap before</button>
        <button onClick={() => toNext(1)}>▼ next gap</button>
        <span class="dim">how often each line ran, how many of its branches did, and the line</span>
      </div>
      <pre class="source covered" tabIndex={0} ref={box} aria-label={coverage.file}>
        {numbers.map((number) => {
          const count = hits.get(number);
          const jumps = branches.get(number) ?? [];
          const [gone, all] = waysOf(jumps);
          const kind = count === undefined ? "" : count === 0 ? " never gap" : gone < all ? " partly gap" : " ran";
          const name = called.get(number);
          return (
            <span key={number} class={`line${kind}`}>
              <span class="gutter">{number}</span>
              <span class="hits">{count === undefined ? "" : count.toLocaleString("en")}</span>
              {all > 0 ? (
                <button
                  class={gone < all ? "ways partial" : "ways"}
                  aria-expanded={open === number}
                  aria-label={`line ${number}: ${gone} of ${all} branches`}
                  onClick={() => setOpen(open === number ? undefined : number)}
                >
                  {gone}/{all}
                </button>
              ) : (
                <span class="ways" />
              )}
              {lines[number - 1] ?? ""}
              {name === 0 && <span class="wrong">never called</span>}
              {"\n"}
              {open === number && <Jumps jumps={jumps} />}
            </span>
          );
        })}
      </pre>
    </>
  );
}

/** Room above a line that one goes to. */
const margin = 80;

/** The conditional jumps that a line was compiled to; in several programs there are several. */
function Jumps({ jumps }: { jumps: readonly BranchCoverage[] }) {
  const times = (count: number): string => (count === 0 ? "never" : `${count.toLocaleString("en")} ×`);
  return (
    <span class="jumps">
      {jumps.map(({ taken, notTaken }, i) => (
        <span key={i} class="jump">
          jump {i + 1}: taken <b class={taken === 0 ? "failed" : ""}>{times(taken)}</b>, not taken{" "}
          <b class={notTaken === 0 ? "failed" : ""}>{times(notTaken)}</b>
          {"\n"}
        </span>
      ))}
    </span>
  );
}

function waysOf(jumps: readonly BranchCoverage[]): [gone: number, all: number] {
  const ways = jumps.flatMap(({ taken, notTaken }) => [taken, notTaken]);
  return [ways.filter((count) => count > 0).length, ways.length];
}

function byLine({ lines, branches, functions }: FileCoverage) {
  const jumps = new Map<number, BranchCoverage[]>();
  for (const branch of branches) jumps.set(branch.line, [...(jumps.get(branch.line) ?? []), branch]);
  return {
    hits: new Map(lines.map(({ line, hits }) => [line, hits])),
    branches: jumps,
    called: new Map(functions.map(({ line, hits }) => [line, hits])),
  };
}
