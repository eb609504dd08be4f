import { HarnessError, harnessError } from "../model/error.js";
import { fromHex } from "../model/hex.js";
import type { LinkType, Packet } from "../model/packet.js";
import { fromBase64 } from "./base64.js";
import { readScapy } from "./scapy/read.js";
import { writeScapy } from "./scapy/write.js";

export { fromBase64, toBase64 } from "./base64.js";

/** A Scapy expression that builds the packet's bytes: to paste into a scenario, or into Scapy. */
export function toScapy(packet: Packet): string {
  return writeScapy(packet);
}

type Notation = "hex" | "base64" | "scapy";

/**
 * A packet from text: hex digits (spaces, colons and dashes between bytes, `0x` in front), base64, or a Scapy
 * expression. Which of them is told by looking; `hex:`, `base64:` or `scapy:` in front leaves no doubt.
 * Hex and base64 do not say what they begin with: `linkType`, else Ethernet.
 * Throws HarnessError `packet`, which says what the text was taken for.
 */
export function packetFromText(text: string, linkType: LinkType = "ethernet"): Packet {
  const { notation, body } = notationOf(text);
  if (notation === "scapy") return readScapy(body);
  try {
    return { linkType, bytes: notation === "hex" ? fromHex(body) : fromBase64(body) };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    throw harnessError("packet", `taken for ${notation}: ${error.message}`, { hint: hints[notation] });
  }
}

const hints: Readonly<Record<Notation, string>> = {
  hex: "write whole bytes as two hex digits each, or base64: in front of base64",
  base64: "write hex: in front of hex digits; a Scapy expression begins with a layer, such as Ether()",
  scapy: "",
};

function notationOf(text: string): { readonly notation: Notation; readonly body: string } {
  const trimmed = text.trim();
  if (trimmed === "") throw harnessError("packet", "a packet's text is empty", { hint: "write hex, base64 or Scapy" });
  const named = /^(hex|base64|scapy):\s*/.exec(trimmed);
  if (named) return { notation: named[1] as Notation, body: trimmed.slice(named[0].length) };
  if (/^[([]|^[A-Za-z_]\w*\s*\(|^[bru]{0,2}["']/i.test(trimmed)) return { notation: "scapy", body: trimmed };
  return { notation: looksLikeBase64(trimmed) ? "base64" : "hex", body: trimmed };
}

/** Mistyped hex must not pass for base64: that has many characters that are no hex digits, and never colons. */
const mostMistypedDigits = 2;

function looksLikeBase64(text: string): boolean {
  const characters = text.replace(/\s|^0x/g, "");
  const foreign = characters.replace(/[\da-f]/gi, "").length;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(characters) && (foreign > mostMistypedDigits || characters.endsWith("="));
}
