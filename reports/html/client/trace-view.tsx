import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Trace, TracedRun, TraceStep } from "../../../harness/model/trace.js";
import { sourcePath } from "../../source-path.js";
import { HexView } from "./hex-view.js";
import { lineOfStep, nextLine, stateAfter } from "./trace-state.js";

type Files = ReadonlyMap<string, string>;

/** Packets of a case, each gone through instruction by instruction, forwards and backwards. */
export function TraceView({ traces, files }: { traces: readonly Trace[]; files: Files }) {
  const [shown, setShown] = useState(0);
  const runs = traces.flatMap((trace) => trace.runs.map((run, i) => ({ trace, run, first: i === 0 })));
  const chosen = runs[Math.min(shown, runs.length - 1)];
  if (!chosen) return null;
  const { trace, run } = chosen;
  return (
    <section class="trace" aria-label="Trace">
      {runs.length > 1 && (
        <nav class="numbers" aria-label="Traced runs">
          {runs.map((each, i) => (
            <button key={i} aria-current={i === shown ? "true" : undefined} onClick={() => setShown(i)}>
              {each.trace.step}, packet {each.trace.packet}
              {each.first ? "" : `: ${each.run.program}`}
            </button>
          ))}
        </nav>
      )}
      <p class="dim summary">{trace.sent}</p>
      <RunView key={shown} run={run} files={files} />
    </section>
  );
}

function RunView({ run, files }: { run: TracedRun; files: Files }) {
  const last = run.steps.length - 1;
  const decision = run.decision?.step;
  const [at, setAt] = useState(decision ?? 0);
  const to = (step: number): void => setAt(Math.max(0, Math.min(last, step)));
  const state = useMemo(() => stateAfter(run, at + 1), [run, at]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowRight: () => to(at + 1),
      ArrowLeft: () => to(at - 1),
      ArrowDown: () => to(nextLine(run, at, 1)),
      ArrowUp: () => to(nextLine(run, at, -1)),
      Home: () => to(0),
      End: () => to(last),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const step = run.steps[at];
  if (!step) return null;
  return (
    <div class="run" onKeyDown={onKeyDown}>
      <div class="controls" role="toolbar" aria-label="Steps of the trace">
        <button aria-label="to the beginning" onClick={() => to(0)}>
          |◀
        </button>
        <button aria-label="one line back" onClick={() => to(nextLine(run, at, -1))}>
          ◀◀
        </button>
        <button aria-label="one instruction back" onClick={() => to(at - 1)}>
          ◀
        </button>
        <input
          type="range"
          min={0}
          max={last}
          value={at}
          aria-label="step"
          aria-valuetext={`step ${at + 1} of ${last + 1}`}
          onInput={(event) => to(Number(event.currentTarget.value))}
        />
        <button aria-label="one instruction on" onClick={() => to(at + 1)}>
          ▶
        </button>
        <button aria-label="one line on" onClick={() => to(nextLine(run, at, 1))}>
          ▶▶
        </button>
        <button aria-label="to the end" onClick={() => to(last)}>
          ▶|
        </button>
        <span class="position">
          {at + 1} / {last + 1}
        </span>
        {decision !== undefined && (
          <button class="decide" aria-current={at === decision ? "true" : undefined} onClick={() => to(decision)}>
            what decided
          </button>
        )}
        <b class="verdict">{run.verdict ?? run.fault ?? ""}</b>
      </div>
      <StepLine step={step} run={run} />
      <div class="panes">
        <Source run={run} at={at} files={files} to={to} />
        <Instructions run={run} at={at} to={to} />
        <div class="state">
          <table class="registers" aria-label="Registers">
            <tbody>
              {state.registers.map((value, i) => (
                <tr key={i} class={state.changedRegisters.has(i) ? "changed" : ""}>
                  <th scope="row">r{i}</th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {state.memory.length > 0 && (
            <table class="registers" aria-label="Stack, maps and variables">
              <tbody>
                {[...state.memory].sort(byPlace).map(({ place, value, last }) => (
                  <tr key={place} class={last ? "changed" : ""}>
                    <th scope="row">{place}</th>
                    <td>{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <HexView
            label={state.packetMoved ? "packet, as far as it can be followed" : "packet"}
            bytes={state.packet}
            marks={state.writtenBytes}
            lit={stretchOf(state.lastBytes)}
          />
        </div>
      </div>
      {run.omittedSteps > 0 && <p class="dim">{run.omittedSteps.toLocaleString("en")} further steps are not kept</p>}
    </div>
  );
}

/** What the current instruction does, in words. */
function StepLine({ step, run }: { step: TraceStep; run: TracedRun }) {
  const { function: name, text } = run.instructions[step.instruction]!;
  const { call, taken } = step;
  return (
    <p class="now" aria-live="polite">
      <span class="dim">{name}</span> <b>{text}</b>
      {taken !== undefined && <span class={taken ? "taken" : "dim"}> {taken ? "jumps" : "does not jump"}</span>}
      {call && (
        <>
          {" "}
          {call.name}({call.arguments.join(", ")}) → {call.result ?? "never came back"}
        </>
      )}
    </p>
  );
}

/** The C file around the current line; lines that ran are marked, and lead to the step that came to them first. */
function Source(props: { run: TracedRun; at: number; files: Files; to: (step: number) => void }) {
  const { run, at, files, to } = props;
  const box = useRef<HTMLPreElement>(null);
  const current = lineOfStep(run, at);
  const place = current === undefined ? undefined : run.lines[current];
  const path = place && sourcePath(place.file);
  const text = path === undefined ? undefined : files.get(path);
  const firstSteps = useMemo(() => {
    const found = new Map<number, number>();
    for (const [step] of run.steps.entries()) {
      const line = lineOfStep(run, step);
      const where = line === undefined ? undefined : run.lines[line];
      if (where && sourcePath(where.file) === path && !found.has(where.line)) found.set(where.line, step);
    }
    return found;
  }, [run, path]);
  useCentred(box, [at, text]);
  if (!place) return <div class="source pane dim">no line of C belongs to this instruction</div>;
  const lines = text === undefined ? [place.text] : text.split("\n");
  const from = text === undefined ? place.line : 1;
  return (
    <figure class="pane">
      <figcaption>{path}</figcaption>
      <pre class="source" ref={box} tabIndex={0} aria-label="C source">
        {lines.map((line, i) => {
          const number = from + i;
          const step = firstSteps.get(number);
          const kind = number === place.line ? "line current" : step === undefined ? "line" : "line ran";
          return (
            <span key={number} class={kind} onClick={step === undefined ? undefined : () => to(step)}>
              <span class="gutter">{number}</span>
              {line}
              {"\n"}
            </span>
          );
        })}
      </pre>
    </figure>
  );
}

/** Instructions around the current one, in the order in which they ran. */
const around = 14;

function Instructions({ run, at, to }: { run: TracedRun; at: number; to: (step: number) => void }) {
  const box = useRef<HTMLOListElement>(null);
  useCentred(box, [at]);
  const first = Math.max(0, Math.min(at - around, run.steps.length - 2 * around - 1));
  const shown = run.steps.slice(first, first + 2 * around + 1);
  return (
    <figure class="pane">
      <figcaption>instructions as they ran</figcaption>
      <ol class="instructions" start={first + 1} ref={box}>
        {shown.map(({ instruction, depth, taken }, i) => {
          const { slot, text } = run.instructions[instruction]!;
          const step = first + i;
          return (
            <li key={step} class={step === at ? "current" : step === run.decision?.step ? "decision" : ""}>
              <button tabIndex={-1} onClick={() => to(step)}>
                <span class="slot">{slot}</span>
                {"  ".repeat(depth)}
                {text}
                {taken === true && <span class="taken"> ↷</span>}
              </button>
            </li>
          );
        })}
      </ol>
    </figure>
  );
}

/** Keeps what is current in the middle of its box. */
function useCentred(box: { readonly current: HTMLElement | null }, changes: readonly unknown[]): void {
  useEffect(() => {
    const current = box.current?.querySelector<HTMLElement>(".current");
    if (current && box.current) box.current.scrollTop = current.offsetTop - box.current.clientHeight / 2;
  }, changes);
}

/** Stack first, deepest last. */
function byPlace(a: { place: string }, b: { place: string }): number {
  const key = ({ place }: { place: string }): string =>
    (place.startsWith("stack") ? " " : "") + place.replace(/\d+$/, (n) => n.padStart(6, "0"));
  return key(a) < key(b) ? -1 : 1;
}

function stretchOf(bytes: ReadonlySet<number>): { startBytes: number; endBytes: number } | undefined {
  if (bytes.size === 0) return undefined;
  return { startBytes: Math.min(...bytes), endBytes: Math.max(...bytes) + 1 };
}
