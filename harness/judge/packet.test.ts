import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import type { FieldValue, Packet, Pattern } from "../model/packet.js";
import type { LayerPattern, LayerSpec, PacketExpectation } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { buildPacket, editPacket } from "../packet/build.js";
import { parseIpv4 } from "../packet/address.js";
import { judgePacket } from "./packet.js";

const position = { line: 1, column: 1, offset: 0 };
const span: Span = { file: "test.yml", start: position, end: position };

function spec(protocol: string, fields: Record<string, FieldValue> = {}): LayerSpec {
  const located = Object.entries(fields).map(([name, value]) => [name, { value, span }]);
  return { protocol, fields: Object.fromEntries(located), span };
}

function pattern(protocol: string, fields: Record<string, Pattern | number | Uint8Array> = {}): LayerPattern {
  const located = Object.entries(fields).map(([name, value]) => {
    const isPattern = typeof value === "object" && "kind" in value;
    return [name, { value: isPattern ? value : { kind: "equals", value }, span }];
  });
  return { protocol, fields: Object.fromEntries(located), span };
}

function changes(...layers: LayerPattern[]): PacketExpectation {
  return { form: "changes", layers, unchanged: "rest", span };
}

function sequence(...layers: LayerPattern[]): PacketExpectation {
  return { form: "sequence", layers, unchanged: "rest", span };
}

const everything: PacketExpectation = { form: "changes", layers: [], unchanged: "all", span };

const source = parseIpv4("10.0.0.1");
const other = parseIpv4("10.0.0.9");
const payload = spec("payload", { data: fromHex("01 02 03") });
const sent = buildPacket([spec("eth"), spec("ipv4", { src: source }), spec("udp"), payload]);

function withByte(packet: Packet, offset: number, value: number): Packet {
  const bytes = packet.bytes.slice();
  bytes[offset] = value;
  return { ...packet, bytes };
}

function whats(actual: Packet, expectation: PacketExpectation, from = sent): string[] {
  return judgePacket(from, actual, expectation).map((f) => f.what);
}

describe("judgePacket", () => {
  it("takes a rewrite that does what is listed and mends the checksums", () => {
    const rewritten = editPacket(sent, [spec("ipv4", { src: other, ttl: 63 })]);
    expect(whats(rewritten, changes(pattern("ipv4", { src: other, ttl: 63 })))).to.deep.equal([]);
  });

  it("names the field, the expected and the actual value", () => {
    const rewritten = editPacket(sent, [spec("ipv4", { ttl: 64 })]);
    const [found] = judgePacket(sent, rewritten, changes(pattern("ipv4", { ttl: 63 })));
    expect(found).to.deep.include({ what: "ipv4.ttl", expected: "63 (0x3f)", actual: "64 (0x40)" });
  });

  it("finds a header checksum that was not updated", () => {
    // TTL is byte 22; nothing else is touched.
    const stale = withByte(sent, 22, 63);
    expect(whats(stale, changes(pattern("ipv4", { ttl: 63 })))).to.deep.equal(["ipv4.checksum"]);
  });

  it("finds a transport checksum that was not updated for a new address", () => {
    const right = editPacket(sent, [spec("ipv4", { src: other })]);
    const bytes = right.bytes.slice();
    bytes.set(sent.bytes.slice(40, 42), 40); // the old UDP checksum
    const found = whats({ ...right, bytes }, changes(pattern("ipv4", { src: other })));
    expect(found).to.deep.equal(["udp.checksum"]);
  });

  it("finds a change that nobody spoke of, in a field and in the payload", () => {
    const expectation = changes(pattern("ipv4", { ttl: 63 }));
    const more = editPacket(sent, [spec("ipv4", { ttl: 63, id: 7 })]);
    expect(whats(more, expectation)).to.deep.equal(["ipv4.id"]);
    const scribbled = editPacket(sent, [spec("ipv4", { ttl: 63 }), spec("payload", { data: fromHex("01 ff 03") })]);
    expect(whats(scribbled, expectation)).to.deep.equal(["payload.data"]);
  });

  it("holds `unchanged: all` to every byte, also to a checksum that would be right", () => {
    expect(whats(sent, everything)).to.deep.equal([]);
    const rewritten = editPacket(sent, [spec("ipv4", { ttl: 63 })]);
    expect(whats(rewritten, everything)).to.deep.equal(["ipv4.ttl", "ipv4.checksum"]);
  });

  it("does not ask a program to mend a checksum that was wrong when it was sent", () => {
    const broken = buildPacket([spec("eth"), spec("ipv4", { checksum: 0xdead }), spec("udp"), payload]);
    expect(
      whats(withByte(broken, 0, 0x06), changes(pattern("eth", { dst: fromHex("060000000002") })), broken),
    ).to.deep.equal([]);
  });

  it("compares encapsulated packets from the inside out", () => {
    const outer = spec("ipv4", { src: other });
    const tunnelled = buildPacket([spec("eth"), outer, spec("ipv4", { src: source }), spec("udp"), payload]);
    const expected = sequence(pattern("eth"), pattern("ipv4", { src: other }), pattern("ipv4"), pattern("udp"));
    expect(whats(tunnelled, expected)).to.deep.equal([]);
    const innerChanged = editPacket(tunnelled, [spec("ipv4"), spec("ipv4", { ttl: 1 })]);
    expect(whats(innerChanged, expected)).to.deep.equal(["ipv4[2].ttl"]);
  });

  it("says which layers came where the sequence is another", () => {
    const expected = sequence(pattern("eth"), pattern("vlan"), pattern("ipv4"));
    const [found] = judgePacket(sent, sent, expected);
    expect(found).to.deep.include({ what: "layers", expected: "eth / vlan / ipv4" });
  });

  it("lets nothing follow a `$`", () => {
    const closed = sequence(pattern("eth"), pattern("ipv4"), pattern("$"));
    expect(whats(sent, closed)).to.deep.equal(["layers"]);
  });

  it("takes a header that was removed where the sequence says so, but not a payload that went with it", () => {
    const tunnelled = buildPacket([
      spec("eth"),
      spec("ipv4", { src: other }),
      spec("ipv4", { src: source }),
      spec("udp"),
      payload,
    ]);
    const expected = sequence(pattern("eth"), pattern("ipv4"), pattern("udp"));
    expect(whats(sent, expected, tunnelled)).to.deep.equal([]);
    const emptied = buildPacket([spec("eth"), spec("ipv4", { src: source }), spec("udp")]);
    expect(whats(emptied, expected, tunnelled)).to.deep.equal(["layers"]);
  });

  it("finds a layer that nobody spoke of behind those that are listed", () => {
    const bare = buildPacket([spec("eth"), spec("ipv4"), spec("udp")]);
    const grown = buildPacket([spec("eth"), spec("ipv4"), spec("udp"), payload]);
    expect(whats(grown, sequence(pattern("eth"), pattern("ipv4"), pattern("udp")), bare)).to.deep.equal(["layers"]);
  });

  it("lets a list replace the layers at the end", () => {
    const echo = buildPacket([spec("eth"), spec("ipv6"), spec("icmpv6")]);
    const translated = buildPacket([spec("eth"), spec("ipv4"), spec("icmp")]);
    expect(whats(translated, sequence(pattern("eth"), pattern("ipv4"), pattern("icmp")), echo)).to.deep.equal([]);
    expect(whats(translated, sequence(pattern("eth"), pattern("ipv4")), echo)).to.deep.equal(["layers"]);
  });

  it("finds a checksum that was removed, unless it is said to be", () => {
    const removed = editPacket(sent, [spec("ipv4", { ttl: 63 }), spec("udp", { checksum: 0 })]);
    expect(whats(removed, changes(pattern("ipv4", { ttl: 63 })))).to.deep.equal(["udp.checksum"]);
    expect(whats(removed, changes(pattern("ipv4", { ttl: 63 }), pattern("udp", { checksum: 0 })))).to.deep.equal([]);
  });

  it("finds another number of what follows where the same follows", () => {
    const tagged = buildPacket([spec("eth"), spec("vlan", { type: 0x1234 }), payload]);
    const retyped = buildPacket([spec("eth"), spec("vlan", { id: 7, type: 0x5678 }), payload]);
    expect(whats(retyped, changes(pattern("vlan", { id: 7 })), tagged)).to.deep.equal(["vlan.type"]);
  });

  it("finds a packet that was cut", () => {
    const cut = { ...sent, bytes: sent.bytes.slice(0, -1) };
    expect(whats(cut, everything)).to.not.deep.equal([]);
    expect(whats(cut, changes(pattern("eth")))).to.not.deep.equal([]);
  });

  it("shows both packets once, with hex and Scapy text to paste", () => {
    const findings = judgePacket(sent, withByte(sent, 22, 9), changes(pattern("ipv4", { ttl: 63, id: 1 })));
    const details = findings.map((f) => f.details.filter((line) => line.startsWith("actual scapy")).length);
    expect(details.reduce((a, b) => a + b)).to.equal(1);
    expect(details.at(-1)).to.equal(1);
  });
});
