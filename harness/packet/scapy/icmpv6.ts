import type { LayerSpec } from "../../model/scenario.js";
import { joinBytes } from "../join-bytes.js";
import { decodeFields } from "../header.js";
import { findProtocol } from "../protocols.js";
import { argumentsOf, bytesOf, numberOf } from "./arguments.js";
import { scapyError } from "./fault.js";
import { payloadSpec, specOf } from "./spec.js";
import type { Call, Value } from "./syntax.js";
import { addressAt } from "./value.js";

/** Any ICMPv6 message by its bytes behind the checksum. */
export function unknownIcmpv6(call: Call): readonly LayerSpec[] {
  const given = argumentsOf(call, ["type", "code", "cksum", "msgbody"]);
  const number = (name: string, bits: number, defaultNumber: number): number =>
    given.has(name) ? numberOf(given.get(name)!.value, bits) : defaultNumber;
  const body = given.has("msgbody") ? bytesOf(given.get("msgbody")!.value) : new Uint8Array();
  const bytes = joinBytes([Uint8Array.of(number("type", 8, 1), number("code", 8, 0), 0, 0), body]);
  const protocol = findProtocol("icmpv6")!;
  const header = decodeFields(protocol.fields, bytes, 0, bytes.length);
  if (header.truncated) {
    const { at } = given.get("msgbody") ?? call;
    throw scapyError(at, `${body.length} bytes are too few for an ICMPv6 message of type ${bytes[0]!}`);
  }
  const values = new Map(Object.entries(header.values));
  if (given.has("cksum")) values.set("checksum", number("cksum", 16, 0));
  else values.delete("checksum");
  const rest = bytes.subarray(header.endBytes);
  const spec = specOf(protocol, values, call.at);
  return rest.length === 0 ? [spec] : [spec, payloadSpec(rest, call.at)];
}

export function neighbourOption(call: Call): Uint8Array {
  if (call.name === "ICMPv6NDOptUnknown") {
    const given = argumentsOf(call, ["type", "len", "data"]);
    const data = given.has("data") ? bytesOf(given.get("data")!.value) : new Uint8Array();
    const type = given.has("type") ? numberOf(given.get("type")!.value, 8) : 0;
    // Counted in bytes where it is not given, though the RFC's unit is 8 of them: as Scapy does.
    const length = given.has("len") ? numberOf(given.get("len")!.value, 8) : data.length + 2;
    return joinBytes([Uint8Array.of(type, length), data]);
  }
  const isSource = call.name === "ICMPv6NDOptSrcLLAddr";
  const given = argumentsOf(call, ["type", "len", "lladdr"]);
  const number = (name: string, defaultNumber: number): number =>
    given.has(name) ? numberOf(given.get(name)!.value, 8) : defaultNumber;
  const address = given.get("lladdr")?.value;
  const mac = address ? addressOf(address) : new Uint8Array(6);
  return joinBytes([Uint8Array.of(number("type", isSource ? 1 : 2), number("len", 1)), mac]);
}

function addressOf(value: Value): Uint8Array {
  if (value.kind !== "bytes") throw scapyError(value.at, "expected an address as text");
  return addressAt({ name: "lladdr", kind: "mac", sizeBits: 48, doc: "" }, value);
}
