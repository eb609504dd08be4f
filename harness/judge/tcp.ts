import { toHex } from "../model/hex.js";
import type { TcpObservation } from "../model/observation.js";
import type { PlannedTcp, TcpEnd } from "../model/plan.js";
import { finding, quoted, type Finding } from "./finding.js";

/** Without `fails:` the connection has to be there; without `receives:` nobody looks at what arrives. */
export function judgeTcp(step: PlannedTcp, seen: TcpObservation): Finding[] {
  const { error } = seen;
  const name = `tcp ${step.connection}`;
  if (step.fails) return error === undefined ? [finding(name, "no connection", "it is open", step.span)] : [];
  if (error !== undefined) return [finding(name, "an open connection", error, step.span)];
  if (!step.receives) return [];
  const wanted = step.receives.value;
  const findings = wanted.flatMap(({ end, bytes }) => {
    const got = seen.received.find((each) => isSame(each.end, end))?.bytes ?? new Uint8Array();
    return toHex(got) === toHex(bytes.value)
      ? []
      : [finding(`tcp ${nameOf(end)} receives`, shown(bytes.value), shown(got), bytes.span)];
  });
  const others = seen.received.filter(
    ({ end, bytes }) => bytes.length > 0 && !wanted.some((each) => isSame(each.end, end)),
  );
  const { span } = step.receives;
  return [
    ...findings,
    ...others.map(({ end, bytes }) => finding(`tcp ${nameOf(end)} receives`, "nothing", shown(bytes), span)),
  ];
}

function nameOf({ connection, side }: TcpEnd): string {
  return `${connection}.${side}`;
}

function isSame(a: TcpEnd, b: TcpEnd): boolean {
  return a.connection === b.connection && a.side === b.side;
}

/** Text where it is some, and not more of it than helps. */
function shown(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing";
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  const start = isText
    ? quoted(String.fromCharCode(...bytes.subarray(0, 60)), 60)
    : `0x${toHex(bytes.subarray(0, 30))}`;
  return bytes.length > (isText ? 60 : 30) ? `${bytes.length} bytes: ${start}…` : start;
}
