import type { OutcomeKind } from "../../../harness/model/outcome.js";

const marks: Readonly<Record<OutcomeKind, string>> = { passed: "✓", failed: "✗", skipped: "–", error: "!" };

/** An outcome as a mark; its word is there for screen readers and on hover. */
export function OutcomeMark({ outcome, of }: { outcome: OutcomeKind | null; of: string }) {
  if (outcome === null) return <span class="mark none" aria-label={`${of}: not run`} title={`${of}: not run`} />;
  return (
    <span class={`mark ${outcome}`} role="img" aria-label={`${of}: ${outcome}`} title={`${of}: ${outcome}`}>
      {marks[outcome]}
    </span>
  );
}

/** The worst one says what a row looks like. */
export function worst(outcomes: readonly (OutcomeKind | null)[]): OutcomeKind {
  const order: readonly OutcomeKind[] = ["error", "failed", "passed", "skipped"];
  return order.find((kind) => outcomes.includes(kind)) ?? "skipped";
}

export function durationText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
