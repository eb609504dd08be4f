import type { CaseDescription, PacketEvidence } from "../../../harness/model/evidence.js";
import type { CaseResult } from "../../../harness/model/outcome.js";

interface Row {
  readonly label: string;
  readonly packets: number;
  /** One for each result. */
  readonly cells: readonly Cell[];
}

interface Cell {
  readonly text: string;
  /** Every verdict that it may have been. */
  readonly possible: readonly string[];
}

/** Every packet's verdict, backends side by side; packets in a row that fare alike share a line. */
export function VerdictTable(props: { description: CaseDescription; results: readonly CaseResult[] }) {
  const results = props.results.filter(({ evidence }) => evidence);
  const rows = verdictRows(props.description, results);
  if (rows.length === 0) return null;
  return (
    <table class="verdicts" aria-label="Verdicts by backend">
      <thead>
        <tr>
          <td />
          {results.map(({ backend }) => (
            <th key={backend} scope="col">
              {backend}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, cells }, i) => (
          <tr key={i} class={disagree(cells) ? "differ" : ""}>
            <th scope="row">{label}</th>
            {cells.map(({ text }, j) => (
              <td key={j}>{text === "" ? <span class="dim">not seen</span> : text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A backend may leave several verdicts open: then one of them has to be the other's. */
function disagree(cells: readonly Cell[]): boolean {
  const [first, ...rest] = cells.map(({ possible }) => possible).filter((names) => names.length > 0);
  return rest.some((names) => !names.some((name) => first!.includes(name)));
}

export function verdictRows({ steps }: CaseDescription, results: readonly CaseResult[]): Row[] {
  const rows: Row[] = [];
  for (const [number, step] of steps.entries()) {
    if (step.kind !== "send") continue;
    const indexes = new Set(results.flatMap(({ evidence }) => packetsOf(evidence, number).map(({ index }) => index)));
    let before: Row | undefined;
    for (const index of [...indexes].sort((a, b) => a - b)) {
      const cells = results.map(({ evidence }) =>
        verdictCell(packetsOf(evidence, number).find((p) => p.index === index)),
      );
      const name = steps.length > 1 ? step.label : "";
      const alike = before && sameTexts(before.cells, cells);
      if (alike) rows.pop();
      const packets: number = alike ? before!.packets + 1 : 1;
      const first = index - packets + 1;
      const range = packets > 1 ? `packets ${first + 1}–${index + 1}` : indexes.size > 1 ? `packet ${index + 1}` : "";
      before = { label: [name, range].filter((text) => text !== "").join(", ") || "verdict", packets, cells };
      rows.push(before);
    }
  }
  return rows;
}

function packetsOf(evidence: CaseResult["evidence"], step: number): readonly PacketEvidence[] {
  return evidence?.steps.find((seen) => seen.step === step)?.packets ?? [];
}

function sameTexts(a: readonly Cell[], b: readonly Cell[]): boolean {
  return a.every(({ text }, i) => text === b[i]!.text);
}

function verdictCell(packet: PacketEvidence | undefined): Cell {
  if (!packet) return { text: "", possible: [] };
  const { verdicts } = packet;
  const names = verdicts.map(({ verdict, times }) =>
    times > 1 && verdicts.length > 1 ? `${times} × ${verdict}` : verdict,
  );
  const redirect = packet.redirect === undefined ? "" : ` to ${packet.redirect}`;
  return { text: `${names.join(", ")}${redirect}`, possible: verdicts.flatMap(({ verdict }) => verdict.split(" or ")) };
}
