import { expect } from "chai";
import fc from "fast-check";
import { HarnessError } from "../model/error.js";
import { toHex } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { layerArbitrary, packetArbitrary } from "./arbitraries.js";
import { buildPacket, editPacket } from "./build.js";
import { checkLengths, checkSums } from "./checksum.js";
import { layer } from "./layer.js";
import { fieldOf, parsePacket } from "./parse.js";

const frame = [layer("eth"), layer("ipv4"), layer("tcp", { flags: "A" }), layer("payload", "an odd payload!")];

function faults(packet: Packet): readonly unknown[] {
  const parsed = parsePacket(packet);
  return [...checkLengths(parsed), ...checkSums(parsed)].filter(({ ok }) => !ok);
}

/** Undefined where the packet is too broken for that; any other failure is a fault. */
function tryEdit(packet: Packet, edit: LayerSpec): Packet | undefined {
  try {
    return editPacket(packet, [edit]);
  } catch (error) {
    expect(error).to.be.instanceOf(HarnessError);
    return undefined;
  }
}

describe("editing packets", () => {
  it("gives the bytes that building with the new values gives", () => {
    const edits = [
      layer("ipv4", { dst: "192.0.2.7", ttl: 3 }),
      layer("tcp", { dport: 8080, options: [{ mss: 1400 }] }),
    ];
    const built = buildPacket([
      layer("eth"),
      layer("ipv4", { dst: "192.0.2.7", ttl: 3 }),
      layer("tcp", { flags: "A", dport: 8080, options: [{ mss: 1400 }] }),
      frame[3]!,
    ]);
    expect(toHex(editPacket(buildPacket(frame), edits).bytes)).to.equal(toHex(built.bytes));
  });

  it("keeps what was right right, whatever changes in any layer", () => {
    const edited = packetArbitrary.chain((packet) => {
      const { layers } = parsePacket(packet);
      const unfit = ["padding", "icmp", "icmpv6", "gre"];
      const options = layers.filter(({ protocol }, i) => {
        return !unfit.includes(protocol) && layers.findIndex((one) => one.protocol === protocol) === i;
      });
      fc.pre(options.length > 0);
      // Fields of this variant of the header; a new type would make it another one.
      const edits = fc.constantFrom(...options).chain(({ protocol, values }) =>
        layerArbitrary(protocol).map((edit) => ({
          ...edit,
          fields: Object.fromEntries(
            Object.entries(edit.fields).filter(([name]) => name !== "type" && values[name] !== undefined),
          ),
        })),
      );
      return fc.tuple(fc.constant(packet), edits);
    });
    fc.assert(
      fc.property(edited, ([packet, edit]) => {
        const after = editPacket(packet, [edit]);
        const before = parsePacket(packet).layers.map(({ protocol }) => protocol);
        // A new port or type may have the same bytes read as something else, which no one promised to fit.
        fc.pre(
          parsePacket(after)
            .layers.map(({ protocol }) => protocol)
            .join() === before.join(),
        );
        expect(faults(after)).to.deep.equal([]);
        for (const [name, { value }] of Object.entries(edit.fields)) {
          expect(fieldOf(parsePacket(after), edit.protocol, name)).to.deep.equal(value);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("leaves a wrong checksum and a wrong length as they were", () => {
    const wrong = buildPacket([
      layer("eth"),
      layer("ipv4", { checksum: 0xdead }),
      layer("udp", { dport: 99, length: 9, checksum: 0xbeef }),
      layer("payload", "12345678"),
    ]);
    const after = parsePacket(editPacket(wrong, [layer("ipv4", { ttl: 1 }), layer("udp", { dport: 98 })]));
    expect(fieldOf(after, "ipv4", "checksum")).to.equal(0xdead);
    expect(after.layers[2]!.values).to.include({ dport: 98, length: 9, checksum: 0xbeef });
  });

  it("sets a checksum that the edit itself gives", () => {
    const after = parsePacket(editPacket(buildPacket(frame), [layer("ipv4", { ttl: 1, checksum: 1 })]));
    expect(after.layers[1]!.values).to.include({ ttl: 1, checksum: 1 });
  });

  it("leaves UDP without checksum", () => {
    const packet = buildPacket([layer("ipv4"), layer("udp", { dport: 99, checksum: 0 }), layer("payload", "x")]);
    expect(fieldOf(parsePacket(editPacket(packet, [layer("udp", { sport: 1 })])), "udp", "checksum")).to.equal(0);
  });

  it("moves checksums whose bytes are elsewhere by as much as the visible ones change", () => {
    const edits = [layer("ipv4", { dst: "192.0.2.7" }), layer("tcp", { sport: 1 })];
    const whole = buildPacket(frame);
    const sum = fieldOf(parsePacket(editPacket(whole, edits)), "tcp", "checksum");
    const cut = { ...whole, bytes: whole.bytes.slice(0, 60) };
    expect(fieldOf(parsePacket(editPacket(cut, edits)), "tcp", "checksum")).to.equal(sum);

    const right = fieldOf(parsePacket(whole), "tcp", "checksum") as number;
    const tcp = layer("tcp", { flags: "A", checksum: right });
    const first = buildPacket([layer("eth"), layer("ipv4", { flags: "MF" }), tcp, layer("payload", "an odd ")]);
    expect(fieldOf(parsePacket(editPacket(first, edits)), "tcp", "checksum")).to.equal(sum);
  });

  it("means the nth layer by the nth edit", () => {
    const tunnel = [layer("ipv4", { ttl: 1 }), layer("ipv4", { ttl: 2 }), layer("tcp")];
    const after = parsePacket(editPacket(buildPacket(tunnel), [layer("ipv4"), layer("ipv4", { ttl: 9 })]));
    expect([fieldOf(after, "ipv4", "ttl", 0), fieldOf(after, "ipv4", "ttl", 1)]).to.deep.equal([1, 9]);
    expect(faults(editPacket(buildPacket(tunnel), [layer("ipv4"), layer("ipv4", { ttl: 9 })]))).to.deep.equal([]);
  });

  it("keeps padding and cut-off tails", () => {
    const padded = buildPacket([layer("eth"), layer("arp"), layer("padding", "trailer")]);
    const after = editPacket(padded, [layer("arp", { op: "reply" })]);
    expect(after.bytes.length).to.equal(padded.bytes.length);
    expect(toHex(after.bytes.slice(-7))).to.equal(toHex(padded.bytes.slice(-7)));
  });

  it("changes the bits of the header that is there, and rebuilds it where bytes come or go", () => {
    const gre = buildPacket([layer("ipv4"), layer("gre", { key: 5 }), layer("ipv4"), layer("tcp")]);
    expect(faults(editPacket(gre, [layer("gre", { key: 6 })]))).to.deep.equal([]);
    const keyless = editPacket(gre, [layer("gre", { flags: "C", checksum: 1 })]);
    expect(keyless.bytes.length).to.equal(gre.bytes.length);
    expect(fieldOf(parsePacket(keyless), "gre", "key")).to.equal(undefined);
  });

  it("finds the packet unfit rather than breaking it, whatever its bytes are", () => {
    const broken = fc.tuple(packetArbitrary, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat());
    fc.assert(
      fc.property(broken, ([packet, changes, size]) => {
        const bytes = packet.bytes.slice(0, 1 + (size % packet.bytes.length));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const { layers } = parsePacket({ ...packet, bytes });
        for (const { protocol, values } of new Map(layers.toReversed().map((one) => [one.protocol, one])).values()) {
          for (const [name, value] of Object.entries(values)) {
            const edit = { ...layer(protocol), fields: { [name]: { value, span: layer(protocol).span } } };
            const after = tryEdit({ ...packet, bytes }, edit);
            // The value that is there already: nothing may change.
            if (after && protocol !== "dns") expect(toHex(after.bytes), `${protocol}.${name}`).to.equal(toHex(bytes));
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("says which layer or field is not there", () => {
    const edit = (...layers: readonly LayerSpec[]): string => {
      try {
        editPacket(buildPacket(frame), layers);
      } catch (error) {
        const [first] = (error as HarnessError).diagnostics;
        return `${first!.message} (${first!.hint ?? ""})`;
      }
      return "accepted";
    };
    expect(edit(layer("udp", { dport: 1 }))).to.match(/^the packet has no udp \(it is eth \/ ipv4 10\.0\.0\.1/);
    expect(edit(layer("ipv4"), layer("ipv4"))).to.include("the packet has no 2 layers of ipv4");
    const misspelt = { ...layer("ipv4"), fields: { tll: layer("ipv4", { ttl: 1 }).fields["ttl"]! } };
    expect(edit(misspelt)).to.equal("ipv4 has no field 'tll' (did you mean 'ttl'?)");
  });
});
