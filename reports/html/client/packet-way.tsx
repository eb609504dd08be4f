import type {
  CaseDescription,
  CostEvidence,
  FrameEvidence,
  PacketEvidence,
  StepDescription,
  VerdictEvidence,
} from "../../../harness/model/evidence.js";
import { formatPlace } from "../../../harness/model/topology.js";

export interface PacketWayProps {
  readonly step: StepDescription;
  readonly description: Pick<CaseDescription, "hook" | "topology">;
  readonly evidence: PacketEvidence | undefined;
  /** Index of the frame that is shown below. */
  readonly chosen: number;
  readonly choose: (frame: number) => void;
}

/** The stations of one packet: where it was sent, the hook and its verdict, then every place where it was seen. */
export function PacketWay({ step, description, evidence, chosen, choose }: PacketWayProps) {
  const { hook, topology } = description;
  const frames = evidence?.frames ?? [];
  return (
    <ol class="way" aria-label="Timeline of this packet">
      <li class="station">
        <span class="place">{step.from}</span>
        <b>sent</b>
        {step.times > 1 && <span class="dim">{step.times.toLocaleString("en")} times</span>}
      </li>
      <li class="station hook">
        <span class="place">
          {formatPlace(topology.attach)} · {hook}
        </span>
        {evidence?.verdicts.map((verdict, i) => (
          <Verdict key={i} verdict={verdict} />
        ))}
        {evidence?.redirect !== undefined && <span>to {evidence.redirect}</span>}
        {!evidence && <span class="dim">nothing was seen</span>}
        <Cost costs={evidence?.costs ?? []} />
      </li>
      {frames.map((frame, i) => (
        <li key={i}>
          <button class="station" aria-current={i === chosen ? "true" : undefined} onClick={() => choose(i)}>
            <Frame frame={frame} />
          </button>
        </li>
      ))}
      {evidence && frames.length === 0 && (
        <li class="station">
          <span class="dim">nothing came out</span>
        </li>
      )}
    </ol>
  );
}

function Verdict({ verdict: { verdict, evidence, times, durationNs } }: { verdict: VerdictEvidence }) {
  return (
    <>
      <b class="verdict">
        {times > 1 && `${times} × `}
        {verdict}
      </b>
      <span class="dim">
        {evidence}
        {durationNs !== undefined && `, ${durationNs.toLocaleString("en")} ns`}
      </span>
    </>
  );
}

const ways: Readonly<Record<FrameEvidence["direction"], string>> = {
  output: "came out",
  received: "received",
  stack: "handed to the stack",
  socket: "handed to an AF_XDP socket",
};

function Frame({ frame: { place, direction, times, afterNs, bytes } }: { frame: FrameEvidence }) {
  const what = ways[direction];
  return (
    <>
      <span class="place">{direction === "output" ? "output" : place}</span>
      <b>
        {what}
        {times > 1 && ` ${times.toLocaleString("en")} times`}
      </b>
      <span class="dim">
        {bytes === undefined ? "as it was sent" : "changed"}
        {afterNs !== undefined && `, +${timeText(afterNs)}`}
      </span>
    </>
  );
}

/** Instructions and helper calls of a packet's run. */
function Cost({ costs }: { costs: readonly CostEvidence[] }) {
  const [cost] = costs;
  if (!cost) return null;
  const counts = costs.map(({ instructions }) => instructions.toLocaleString("en")).join(" or ");
  const helpers = Object.entries(cost.helpers).map(([name, count]) => (count > 1 ? `${count} × ${name}` : name));
  return (
    <span class="dim">
      {counts} instructions{helpers.length > 0 && `; ${helpers.join(", ")}`}
    </span>
  );
}

export function timeText(ns: number): string {
  if (ns < 1_000_000) return `${(ns / 1000).toFixed(ns < 10_000 ? 1 : 0)} µs`;
  return `${(ns / 1_000_000).toFixed(ns < 10_000_000 ? 2 : 0)} ms`;
}
