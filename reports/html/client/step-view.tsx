import { useState } from "preact/hooks";
import type {
  CaseDescription,
  FrameEvidence,
  PacketEvidence,
  SentPacket,
  StepDescription,
  StepEvidence,
} from "../../../harness/model/evidence.js";
import type { Packet } from "../../../harness/model/packet.js";
import { bytesOf } from "./archive.js";
import { PacketView } from "./packet-view.js";
import { PacketWay } from "./packet-way.js";
import { KernelStack, PathView } from "./path-view.js";

/** One step: what was done, and everything that was seen of it on one backend. */
export function StepView(props: {
  description: CaseDescription;
  step: StepDescription;
  seen: StepEvidence | undefined;
  alone: boolean;
}) {
  const { description, step, seen, alone } = props;
  return (
    <section class="step" aria-label={step.label}>
      {!alone && <h3>{step.label}</h3>}
      {alone && step.text.length === 0 && step.kind !== "send" && <p class="dim">{step.kind}</p>}
      {step.text.length > 0 && <pre class="did">{step.text.join("\n")}</pre>}
      {step.kind === "send" && <Packets description={description} step={step} seen={seen} />}
      {seen && (
        <>
          {seen.faults.map((text, i) => (
            <p key={i} class="fault">
              {text}
            </p>
          ))}
          {seen.path && <PathView path={seen.path} />}
          <Strays frames={seen.strays} />
          <MapChanges seen={seen} />
          <Events seen={seen} />
          <Printed lines={seen.printk} />
          <Observed seen={seen} />
          {seen.clients.map(({ result, output }, i) => (
            <div key={i} class="client">
              <p>
                <b>{result}</b>
              </p>
              {output.trim() !== "" && <pre tabIndex={0}>{output.trimEnd()}</pre>}
            </div>
          ))}
        </>
      )}
    </section>
  );
}

/** A packet of the step, with what became of it; further ones by their numbers. */
function Packets(props: { description: CaseDescription; step: StepDescription; seen: StepEvidence | undefined }) {
  const { description, step, seen } = props;
  const [shown, setShown] = useState(0);
  const extra = (seen?.packets ?? []).filter(({ sent }) => sent !== undefined);
  const all: readonly SentPacket[] = [
    ...step.packets,
    ...extra.map(
      ({ index, sent }) => ({ index, linkType: step.packets[0]?.linkType ?? "ethernet", bytes: sent! }) as const,
    ),
  ];
  const sent = all[Math.min(shown, all.length - 1)];
  if (!sent) return null;
  const evidence = seen?.packets.find(({ index }) => index === sent.index);
  return (
    <>
      {all.length > 1 && (
        <nav class="numbers" aria-label="Packets of this step">
          {all.map(({ index }, i) => (
            <button key={index} aria-current={i === shown ? "true" : undefined} onClick={() => setShown(i)}>
              {index + 1}
            </button>
          ))}
          {step.omittedPackets > 0 && <span class="dim">and {step.omittedPackets} more that are not kept</span>}
        </nav>
      )}
      <OnePacket key={sent.index} description={description} sent={sent} evidence={evidence} step={step} />
    </>
  );
}

function OnePacket(props: {
  description: CaseDescription;
  sent: SentPacket;
  evidence: PacketEvidence | undefined;
  step: StepDescription;
}) {
  const { description, sent, evidence, step } = props;
  const [chosen, setChosen] = useState(0);
  const packet: Packet = { linkType: sent.linkType, bytes: bytesOf(sent.bytes) };
  const frame = evidence?.frames[chosen];
  const context = Object.entries(evidence?.context ?? {});
  return (
    <>
      <PacketWay step={step} description={description} evidence={evidence} chosen={chosen} choose={setChosen} />
      <PacketView
        key={chosen}
        sent={packet}
        out={frame && frameBytes(frame, packet)}
        place={frame ? placeText(frame) : ""}
      />
      {context.length > 0 && (
        <p class="context">
          <span class="dim">context afterwards:</span> {context.map(([name, value]) => `${name} ${value}`).join(", ")}
        </p>
      )}
    </>
  );
}

function placeText({ place, direction, times }: FrameEvidence): string {
  const where =
    direction === "output" ? "output" : ["stack", "socket"].includes(direction) ? `${direction} of ${place}` : place;
  return times > 1 ? `${where} × ${times}` : where;
}

function frameBytes({ bytes, direction }: FrameEvidence, sent: Packet): Packet {
  const linkType = direction === "output" ? sent.linkType : "ethernet";
  return { linkType, bytes: bytes === undefined ? sent.bytes : bytesOf(bytes) };
}

function Strays({ frames }: { frames: readonly FrameEvidence[] }) {
  return (
    <>
      {frames.map((frame, i) => (
        <div key={i} class="stray">
          <p>
            <b>nothing accounts for this frame</b> <span class="dim">{placeText(frame)}</span>
          </p>
          <PacketView
            sent={undefined}
            out={{ linkType: "ethernet", bytes: bytesOf(frame.bytes ?? "") }}
            place={placeText(frame)}
          />
        </div>
      ))}
    </>
  );
}

function MapChanges({ seen }: { seen: StepEvidence }) {
  if (seen.maps.length === 0) return null;
  return (
    <div class="tall">
      <table class="plain maps" aria-label="Map entries that changed">
        <thead>
          <tr>
            <th scope="col">map entry</th>
            <th scope="col">before</th>
            <th scope="col">after</th>
          </tr>
        </thead>
        <tbody>
          {seen.maps.map(({ map, key, before, after }) => (
            <tr key={`${map} ${key}`}>
              <th scope="row">
                {map}[{key}]
              </th>
              <td>{before ?? <span class="dim">absent</span>}</td>
              <td>{after ?? <span class="dim">absent</span>}</td>
            </tr>
          ))}
          {seen.omittedChanges > 0 && (
            <tr>
              <td colSpan={3} class="dim">
                {seen.omittedChanges.toLocaleString("en")} more entries changed
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Events({ seen }: { seen: StepEvidence }) {
  if (seen.events.length === 0) return null;
  return (
    <div class="tall">
      <table class="plain" aria-label="Events">
        <thead>
          <tr>
            <th scope="col">events of</th>
            <th scope="col">value</th>
            <th scope="col" class="number">
              CPU
            </th>
          </tr>
        </thead>
        <tbody>
          {seen.events.map(({ map, text, cpu, lost }, i) => (
            <tr key={i}>
              <th scope="row">{map}</th>
              <td>
                {text}
                {lost > 0 && <span class="wrong">{lost} lost before it</span>}
              </td>
              <td class="number">{cpu ?? ""}</td>
            </tr>
          ))}
          {seen.omittedEvents > 0 && (
            <tr>
              <td colSpan={3} class="dim">
                {seen.omittedEvents} more events
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

/** What observers saw, with a drop's stack to be unfolded. */
function Observed({ seen }: { seen: StepEvidence }) {
  if (seen.observed.length === 0) return null;
  return (
    <div class="tall">
      <table class="plain" aria-label="Observed">
        <thead>
          <tr>
            <th scope="col">observer</th>
            <th scope="col">saw</th>
          </tr>
        </thead>
        <tbody>
          {seen.observed.map(({ observer, fields: { stack, ...fields } }, i) => (
            <tr key={i}>
              <th scope="row">{observer}</th>
              <td>
                {Object.entries(fields).map(([name, value]) => (
                  <span key={name} class="field">
                    <span class="dim">{name}</span> {value}
                  </span>
                ))}
                {stack !== undefined && <KernelStack functions={stack.split(" < ")} />}
              </td>
            </tr>
          ))}
          {seen.omittedObserved > 0 && (
            <tr>
              <td colSpan={2} class="dim">
                {seen.omittedObserved} more
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Printed({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <figure class="printed">
      <figcaption>bpf_printk</figcaption>
      <pre tabIndex={0}>{lines.join("\n")}</pre>
    </figure>
  );
}
