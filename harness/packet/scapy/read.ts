import { HarnessError } from "../../model/error.js";
import type { Packet } from "../../model/packet.js";
import type { LayerSpec } from "../../model/scenario.js";
import { buildPacket } from "../build.js";
import { joinBytes } from "../join-bytes.js";
import { rawBytes } from "./arguments.js";
import { classHint, findScapyClass } from "./classes.js";
import { readDns } from "./dns.js";
import { scapyError } from "./fault.js";
import { neighbourOption, unknownIcmpv6 } from "./icmpv6.js";
import { classSpecs } from "./layer.js";
import { payloadSpec } from "./spec.js";
import { type Call, parseScapy } from "./syntax.js";

/**
 * The packet that a Scapy expression stands for, byte for byte as Scapy builds it. Where Scapy asks the
 * machine (source addresses, the gateway's MAC), the defaults of scenarios are taken instead.
 * Throws HarnessError `packet` with the column.
 */
export function readScapy(text: string): Packet {
  const calls = parseScapy(text).map(withoutError);
  // Scapy appends padding when all lengths and checksums are done, wherever it stands.
  const padding = calls.filter(({ name }) => name === "Padding").map((call) => rawBytes(call));
  const layers = calls.filter(({ name }) => name !== "Padding");
  const specs = layers.flatMap((call, i) => toSpecs(call, layers, i));
  const packet = build(specs.length > 0 ? specs : [payloadSpec(new Uint8Array(), 0)]);
  return padding.length === 0 ? packet : { ...packet, bytes: joinBytes([packet.bytes, ...padding]) };
}

/** Packets quoted in ICMP errors have classes of their own, which are built like any others. */
function withoutError(call: Call): Call {
  const quoted: Readonly<Record<string, string>> = { IPerror6: "IPv6" };
  const name = quoted[call.name] ?? call.name.replace(/^(IP|TCP|UDP|ICMP)error$/, "$1");
  return name === call.name ? call : { ...call, name };
}

function build(specs: readonly LayerSpec[]): Packet {
  try {
    return buildPacket(specs);
  } catch (error) {
    const first = error instanceof HarnessError ? error.diagnostics[0] : undefined;
    if (!first?.span) throw error;
    throw scapyError(first.span.start.offset, first.message, first.hint);
  }
}

function toSpecs(call: Call, calls: readonly Call[], index: number): readonly LayerSpec[] {
  switch (call.name) {
    case "Raw":
      return [payloadSpec(rawBytes(call), call.at)];
    case "DNS":
      return [payloadSpec(readDns(call), call.at)];
    case "ICMPv6Unknown":
      return unknownIcmpv6(call);
    case "ICMPv6NDOptSrcLLAddr":
    case "ICMPv6NDOptDstLLAddr":
    case "ICMPv6NDOptUnknown":
      return [payloadSpec(neighbourOption(call), call.at)];
  }
  const known = findScapyClass(call.name);
  if (!known) throw scapyError(call.at, `no class '${call.name}' is known here`, classHint(call.name));
  return classSpecs(known, call, calls, index);
}
