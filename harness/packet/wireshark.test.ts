import { expect } from "chai";
import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, toHex } from "../model/hex.js";
import type { FieldValue, Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { parseIpv4, parseIpv6, parseMac } from "./address.js";
import { packetArbitrary, stackArbitrary } from "./arbitraries.js";
import { buildPacket } from "./build.js";
import { captureNames, readAll, readFixture } from "./capture/fixtures.test.js";
import { writePcapng } from "./capture/write-pcapng.js";
import { checkSums } from "./checksum.js";
import { parsePacket } from "./parse.js";
import type { ParsedLayer, ParsedPacket, Values } from "./protocol.js";
import { toScapy } from "./text.js";
import { wiresharkChecksums, type WiresharkField, wiresharkFields, wiresharkProtocols } from "./wireshark-fields.js";

/**
 * A decoder that nobody here wrote. Every packet goes through tshark and through ours, and on every field
 * of the mapping table both have to see the same values, in the same order, as often.
 */
const separator = "\t";
const aggregator = "|";
const generatedPackets = 10_000;
const summedPackets = 3000;

/** One frame must not depend on others: no reassembly, no sequence analysis; checksums are to be checked. */
const preferences = {
  "ip.defragment": "FALSE",
  "ipv6.defragment": "FALSE",
  "tcp.desegment_tcp_streams": "FALSE",
  "tcp.analyze_sequence_numbers": "FALSE",
  "tcp.relative_sequence_numbers": "FALSE",
  "ip.check_checksum": "TRUE",
  "tcp.check_checksum": "TRUE",
  "udp.check_checksum": "TRUE",
  "udp.ignore_ipv6_zero_checksum": "FALSE",
  "esp.enable_null_encryption_decode_heuristic": "FALSE",
};

function isInstalled(): boolean {
  try {
    execFileSync("tshark", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const installed = isInstalled();

/** For each packet the text of each field, by Wireshark's name. */
type Decoded = readonly ReadonlyMap<string, string>[];

class Tshark {
  readonly #folder = mkdtempSync(join(tmpdir(), "packetproof-tshark-"));

  constructor() {
    const profile = join(this.#folder, "wireshark");
    mkdirSync(profile);
    const all = execFileSync("tshark", ["-G", "protocols"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const names = all.split("\n").map((line) => line.split("\t")[2] ?? "");
    const unknown = names.filter((name) => name !== "" && !wiresharkProtocols.includes(name));
    writeFileSync(join(profile, "disabled_protos"), unknown.map((name) => `${name}\n`).join(""));
  }

  decode(packets: readonly Packet[]): Decoded {
    const file = join(this.#folder, "packets.pcapng");
    writeFileSync(
      file,
      writePcapng(packets.map((packet) => ({ packet, interfaceName: packet.linkType, timestampNs: 0n }))),
    );
    const fields = [...wiresharkFields.map(({ theirs }) => theirs), ...Object.values(wiresharkChecksums)];
    const output = execFileSync(
      "tshark",
      [
        ...["-n", "-r", file, "-T", "fields", "-E", `separator=${separator}`, "-E", `aggregator=${aggregator}`],
        ...Object.entries(preferences).flatMap(([name, value]) => ["-o", `${name}:${value}`]),
        ...fields.flatMap((field) => ["-e", field]),
      ],
      {
        encoding: "utf8",
        maxBuffer: 1 << 30,
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, WIRESHARK_CONFIG_DIR: join(this.#folder, "wireshark") },
      },
    );
    const lines = output.split("\n").slice(0, -1);
    expect(lines).to.have.length(packets.length);
    return lines.map((line) => {
      const texts = line.split(separator);
      return new Map(fields.map((field, i) => [field, texts[i] ?? ""]));
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Layers as far as Wireshark 4.0 goes: it has no dissector for GUE, nor for IP right behind UDP. */
function sharedLayers({ layers }: ParsedPacket): readonly ParsedLayer[] {
  const end = layers.findIndex(
    ({ protocol }, i) => protocol === "gue" || (layers[i - 1]?.protocol === "udp" && /^ipv[46]$/.test(protocol)),
  );
  return end < 0 ? layers : layers.slice(0, end);
}

/**
 * Packets that the two are bound to see differently: where an ICMP error's RFC 4884 length is set, Wireshark
 * takes the quoted packet to be that long, whatever it says itself; in GRE version 1 it looks for the
 * acknowledgement number only if the protocol is PPP; it shows the end of a source route as ip.dst; and it
 * prefers VXLAN-GPE's port to any higher one.
 */
function isComparable(packet: Packet): boolean {
  return parsePacket(packet).layers.every(({ protocol, values, definition }) => {
    if (protocol === "gre") return values["version"] === 0;
    if (protocol === "ipv4") return !hasOption(values, "source-route");
    if (protocol === "udp") return values["sport"] !== vxlanGpe && values["dport"] !== vxlanGpe;
    if (!definition.quotes?.(values)) return true;
    const length =
      protocol === "icmp" ? (values["length"] ?? 0) : Math.floor(Number(values["reserved"] ?? 0) / 2 ** 24);
    return length === 0;
  });
}

const vxlanGpe = 4790;

/**
 * Packets whose pseudo-header is a matter of opinion: with a second routing header, with more than the one
 * address that type 2 has, or with a home address, which only Wireshark takes for the source.
 */
function isSummable(packet: Packet): boolean {
  const { layers } = parsePacket(packet);
  const routing = layers.filter(({ protocol }) => protocol === "ipv6-routing");
  return (
    routing.length < 2 &&
    !routing.some(({ values }) => values["type"] === 2 && (values["addresses"] as readonly unknown[]).length !== 1) &&
    !layers.some(({ values }) => hasOption(values, "home-address"))
  );
}

function hasOption({ options }: Values, name: string): boolean {
  const items = (options ?? []) as readonly FieldValue[];
  return items.some((item) => typeof item === "object" && Object.keys(item).some((key) => key.endsWith(name)));
}

/** In quoted packets Wireshark shows less of TCP and UDP than is there; the ports it always shows. */
function isCompared({ ours }: WiresharkField, layers: readonly ParsedLayer[]): boolean {
  const [protocol] = ours.split(".");
  const isQuoted = layers.some((layer) => layer.protocol === protocol && layer.quoted);
  return !isQuoted || !/^(tcp|udp)\./.test(ours) || ours.endsWith("port");
}

function ourValues(layers: readonly ParsedLayer[], { ours, form, shown }: WiresharkField): readonly string[] {
  const [protocol, name] = ours.split(".") as [string, string];
  return layers
    .filter((layer) => layer.protocol === protocol && layer.values[name] !== undefined && shown(layer.values))
    .map((layer) => canonical(layer.values[name]!, form));
}

function canonical(value: FieldValue, form: WiresharkField["form"]): string {
  if (value instanceof Uint8Array) return toHex(value);
  return form.kind === "number" ? String(Number(value) * (form.scale ?? 1)) : toHex(wide(Number(value), 2));
}

function wide(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (value >> (8 * (bytes - 1 - i))) & 0xff);
}

function theirValues(text: string, { form }: WiresharkField): readonly string[] {
  if (text === "") return [];
  return text.split(aggregator).map((value) => {
    switch (form.kind) {
      case "number": {
        const number = value === "True" ? 1 : value === "False" ? 0 : Number(value);
        return String(form.mask === undefined ? number : number % (form.mask + 1));
      }
      case "mac":
        return toHex(parseMac(value));
      case "ipv4":
        return toHex(parseIpv4(value));
      case "ipv6":
        return toHex(parseIpv6(value));
      case "bytes":
        return value === "<MISSING>" ? "" : toHex(fromHex(value));
    }
  });
}

/** What the two disagree on: for each field how often, and one packet. Empty is as it should be. */
function disagreements(packets: readonly Packet[], decoded: Decoded): string {
  const examples = new Map<string, string[]>();
  for (const [i, packet] of packets.entries()) {
    const layers = sharedLayers(parsePacket(packet));
    for (const field of wiresharkFields) {
      if (!isCompared(field, layers)) continue;
      const ours = ourValues(layers, field).join(" ");
      const theirs = theirValues(decoded[i]!.get(field.theirs)!, field).join(" ");
      if (ours === theirs) continue;
      const example = `${field.ours} is ${ours} for us, ${field.theirs} is ${theirs}: ${toScapy(packet)}`;
      examples.set(field.ours, [...(examples.get(field.ours) ?? []), example]);
    }
  }
  return [...examples.values()].map((list) => `${list.length} times: ${shortest(list)}`).join("\n");
}

/** A checksum as both see it: `good`, `bad`, or `?` where one of them cannot or will not tell. */
function verdicts(packet: Packet, field: string, text: string): { readonly ours: string; readonly theirs: string } {
  const parsed = parsePacket(packet);
  const last = sharedLayers(parsed).length;
  const findings = checkSums(parsed).filter(({ layer, protocol, field: name }) => {
    return layer < last && `${protocol}.${name}` === field;
  });
  const seen = text === "" ? [] : text.split(aggregator).map((status) => ["bad", "good"][Number(status)] ?? "?");
  // Where Wireshark shows no status for some (in quoted packets), it cannot be told which.
  if (seen.length !== findings.length) return { ours: "", theirs: "" };
  const ours = findings.map(({ applies, ok }, i) => (!applies || seen[i] === "?" ? "?" : ok ? "good" : "bad"));
  return { ours: ours.join(" "), theirs: seen.map((status, i) => (ours[i] === "?" ? "?" : status)).join(" ") };
}

/** Stacks of layers in which some checksums are deliberately wrong. */
const summedArbitrary = fc
  .record({ stack: stackArbitrary, dice: fc.array(fc.nat(3), { minLength: 20 }), sum: fc.nat(0xffff) })
  .map(({ stack, dice, sum }) => buildPacket(stack.map((spec, i) => (dice[i] === 0 ? withSum(spec, sum) : spec))));

function withSum(spec: LayerSpec, sum: number): LayerSpec {
  const hasSum = `${spec.protocol}.checksum` in wiresharkChecksums && spec.protocol !== "gre";
  return hasSum ? { ...spec, fields: { ...spec.fields, checksum: { value: sum, span: spec.span } } } : spec;
}

function shortest(texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length < best.length ? text : best));
}

describe(installed ? "Wireshark's decoder" : "Wireshark's decoder (skipped: tshark is not installed)", function () {
  this.timeout(120_000);
  let tshark: Tshark;

  before(function () {
    if (!installed) this.skip();
    tshark = new Tshark();
  });

  after(() => tshark?.close());

  it("agrees on every field of the shipped captures", async () => {
    // In a header that is cut in half we show the fields that are there, Wireshark shows none.
    const whole = captureNames().filter((name) => !name.startsWith("snapped"));
    for (const name of whole) {
      const packets = (await readAll(readFixture(name))).packets.map(({ packet }) => packet);
      expect(disagreements(packets, tshark.decode(packets)), name).to.equal("");
    }
  });

  it(`agrees on every field of ${generatedPackets} generated packets`, () => {
    const packets = fc.sample(packetArbitrary.filter(isComparable), { numRuns: generatedPackets, seed: 101 });
    expect(disagreements(packets, tshark.decode(packets))).to.equal("");
  });

  it("agrees on which checksums are right", () => {
    const packets = fc.sample(summedArbitrary.filter(isComparable).filter(isSummable), {
      numRuns: summedPackets,
      seed: 102,
    });
    const decoded = tshark.decode(packets);
    const counts = { good: 0, bad: 0 };
    for (const [i, packet] of packets.entries()) {
      for (const [field, status] of Object.entries(wiresharkChecksums)) {
        const { ours, theirs } = verdicts(packet, field, decoded[i]!.get(status)!);
        expect(ours, `${field} of ${toScapy(packet)}`).to.equal(theirs);
        counts.good += ours.split("good").length - 1;
        counts.bad += ours.split("bad").length - 1;
      }
    }
    expect(counts.good, "right ones").to.be.above(summedPackets / 2);
    expect(counts.bad, "wrong ones").to.be.above(summedPackets / 10);
  });
});
