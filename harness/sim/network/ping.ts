import { harnessError } from "../../model/error.js";
import type { PingObservation } from "../../model/observation.js";
import type { PlannedPing } from "../../model/plan.js";
import { parseIpv4, parseIpv6 } from "../../packet/address.js";
import type { SimNetwork } from "./network.js";

/** Sends echo requests one after the other; each has been answered, or will not be, before the next one goes. */
export function runPing(network: SimNetwork, step: PlannedPing): PingObservation {
  const { index, from, to, count, payloadBytes } = step;
  const host = network.host(from.value);
  const identifier = index + 1;
  const replies = new Set<number>();
  let routed = false;
  for (let sequence = 1; sequence <= count; sequence++) {
    const request = host.ping(addressOf(to.value), identifier, sequence, payloadBytes);
    routed ||= request.length > 0;
    network.send(from.value, request);
    for (const reply of host.takeReplies(identifier)) replies.add(reply);
  }
  const output = routed ? "" : `${from.value} has no route to ${to.value}`;
  return { kind: "ping", step: index, sent: count, received: replies.size, output };
}

function addressOf(text: string): Uint8Array {
  try {
    return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  } catch (cause) {
    throw harnessError("scenario", `'${text}' is not an address`, { cause });
  }
}
