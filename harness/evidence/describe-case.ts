import type { CaseDescription, SentPacket, StepDescription } from "../model/evidence.js";
import type { MapSpec } from "../model/object.js";
import type { MapPatch, MapValue, Plan, PlannedProperty, PlannedStep } from "../model/plan.js";
import type { GeneratedLayer } from "../model/scenario.js";
import { formatPlace } from "../model/topology.js";
import { formatData } from "../data/format.js";
import { toBase64 } from "../packet/base64.js";
import { firstPackets, mostEntries } from "./limits.js";

/** What a case does, once for all backends. */
export function describeCase(plan: Plan): CaseDescription {
  return {
    file: plan.file,
    scenario: plan.scenario,
    case: plan.caseName,
    span: plan.span,
    hook: plan.hook,
    programType: plan.programType,
    object: plan.object.name,
    entry: plan.program.name,
    others: [...plan.attach, ...plan.objects.flatMap(({ attach }) => attach)].map(({ program, hook, at }) => ({
      entry: program.name,
      hook,
      at: formatPlace(at),
    })),
    sources: plan.object.sources,
    topology: plan.topology,
    steps: plan.steps.map(describeStep),
  };
}

function describeStep(step: PlannedStep): StepDescription {
  const packets = sentPackets(step);
  return {
    label: step.label,
    kind: step.kind,
    span: step.span,
    text: textOf(step),
    packets,
    omittedPackets: step.kind === "send" ? step.packets.length - packets.length : 0,
    from: step.kind === "send" ? formatPlace(step.from) : undefined,
    times: step.kind === "send" ? step.times : 1,
  };
}

function sentPackets(step: PlannedStep): SentPacket[] {
  if (step.kind !== "send") return [];
  const kept = firstPackets(step.packets.map(({ bytes }) => bytes.length));
  return step.packets.slice(0, kept).map(({ linkType, bytes }, index) => ({ index, linkType, bytes: toBase64(bytes) }));
}

function textOf(step: PlannedStep): string[] {
  switch (step.kind) {
    case "maps": {
      const more = step.patches.length - mostEntries;
      return [...step.patches.slice(0, mostEntries).map(patchText), ...(more > 0 ? [`${more} more entries`] : [])];
    }
    case "ping":
      return [`ping ${step.to.value} from ${step.from.value}, ${step.count} of ${step.payloadBytes} bytes`];
    case "http":
      return [`GET ${step.url.value} from ${step.from.value}${step.times > 1 ? `, ${step.times} times` : ""}`];
    case "run":
      return [`${step.host.value}: ${step.command.value.join(" ")}`];
    case "swap":
      return [`replace the program${step.swap.times > 1 ? `, ${step.swap.times} times` : ""}`];
    case "clock":
      return [`${step.advanceMs} ms pass`];
    case "tcp": {
      const opened = step.open ? [`open ${step.connection} to ${step.open.to.address} port ${step.open.to.port}`] : [];
      const sizes = (bytes: readonly Uint8Array[]) => bytes.map(({ length }) => length).join(" + ");
      const sent = step.send.length > 0 ? [`${step.connection}.from sends ${sizes(step.send)} bytes`] : [];
      const replied = step.reply.length > 0 ? [`${step.connection}.to sends ${sizes(step.reply)} bytes`] : [];
      return [...opened, ...sent, ...replied, ...step.close.map((side) => `close ${step.connection}.${side}`)];
    }
    case "property":
      return propertyText(step);
    case "wait":
      return [`wait for ${step.started.host.value}: ${step.started.command.value.join(" ")}`];
    case "unload":
      return ["detach the program, close its maps"];
    case "send":
      return Object.keys(step.context).length > 0 ? [`context: ${Object.keys(step.context).join(", ")}`] : [];
    default:
      return [];
  }
}

function propertyText({ runs, generate, packets: [least, most], invariants, twin }: PlannedProperty): string[] {
  const count = most > 1 ? `${least} to ${most} packets each` : "a packet each";
  return [
    `${runs} times ${count}: ${generate ? generate.map(layerText).join(" / ") : "whatever the program may get"}`,
    ...(invariants ? [`each time: ${invariants.join(", ")}`] : []),
    ...(twin ? [`the same as ${twin.program.name} of ${twin.object.name} does`] : []),
  ];
}

function layerText({ protocol, fields, vary, bytes }: GeneratedLayer): string {
  const names = Object.keys(fields).join(", ");
  const others = vary === "named" ? "" : vary === "any" ? "any header" : "any valid header";
  const length = bytes ? `${bytes[0]} to ${bytes[1]} bytes` : "";
  const details = [names, others, length].filter((text) => text !== "").join("; ");
  return details === "" ? protocol : `${protocol} (${details})`;
}

function patchText({ map, op, key, value }: MapPatch): string {
  const name = `${map.name}[${formatData(map.key, key)}]`;
  return op === "delete" || !value ? `delete ${name}` : `${name} = ${valueText(map, value)}`;
}

function valueText(map: MapSpec, value: MapValue): string {
  switch (value.kind) {
    case "bytes":
      return formatData(map.value, value.bytes);
    case "perCpu":
      return value.values.map((bytes) => formatData(map.value, bytes)).join(" | ");
    case "program":
      return `program ${value.name}`;
    case "inner":
      return `a map with ${value.entries.length} entries`;
    case "socket":
      return `socket ${value.end.connection}.${value.end.side}`;
    case "xsk":
      return `AF_XDP socket of queue ${value.queue}`;
    case "device":
      return `interface ${value.dev}${value.program === undefined ? "" : `, then ${value.program}`}`;
    case "cpu":
      return `a queue of ${value.queueSize}${value.program === undefined ? "" : `, then ${value.program}`}`;
  }
}
