import fc from "fast-check";
import type { Packet } from "../model/packet.js";
import type { LayerSpec } from "../model/scenario.js";
import { buildPacket } from "./build.js";
import { type FieldArbitraries, bytesArbitrary, layerArbitrary } from "./layer-arbitraries.js";
import { decodeName } from "./layers/dns-name.js";

export { layerArbitrary, valueArbitrary } from "./layer-arbitraries.js";

type Layers = readonly LayerSpec[];

/** Concatenates arbitraries of layers. */
function stack(...parts: readonly fc.Arbitrary<Layers>[]): fc.Arbitrary<Layers> {
  return fc.tuple(...parts).map((lists) => lists.flat());
}

function one(name: string, given: FieldArbitraries = {}): fc.Arbitrary<Layers> {
  return layerArbitrary(name, given).map((spec) => [spec]);
}

function optional(part: fc.Arbitrary<Layers>): fc.Arbitrary<Layers> {
  return fc.oneof(fc.constant<Layers>([]), part);
}

/** A UDP header whose destination port is left to follow from the content. */
function udpTo(content: fc.Arbitrary<Layers>): fc.Arbitrary<Layers> {
  const header = layerArbitrary("udp").map((spec): Layers => {
    const { dport: _, ...fields } = spec.fields;
    return [{ ...spec, fields }];
  });
  return stack(header, content);
}

const errorTypes = { icmp: [3, 4, 5, 11, 12], icmpv6: [1, 2, 3, 4] };

const { frame, packet4, packet6 } = fc.letrec<{
  frame: Layers;
  ip: Layers;
  packet4: Layers;
  packet6: Layers;
  content: Layers;
  tunnel: Layers;
}>((tie) => {
  const payload = optional(one("payload"));
  const udp = stack(one("udp"), payload);
  const tcp = stack(one("tcp"), payload);
  const dns = udpTo(one("dns"));
  const error = (name: "icmp" | "icmpv6", quoted: fc.Arbitrary<Layers>) =>
    stack(one(name, { type: fc.constantFrom(...errorTypes[name]) }), quoted);
  const quoted = (name: string) => stack(one(name), fc.oneof(udp, tcp));
  const secured = fc.oneof(stack(one("ah"), tcp), stack(one("esp"), payload));
  const vlans = fc.oneof(fc.constant<Layers>([]), one("vlan"), stack(one("qinq"), one("vlan")));
  const extension = fc.oneof(...["hopopts", "routing", "dstopts", "frag"].map((name) => one(`ipv6-${name}`)));
  return {
    frame: stack(one("eth"), vlans, fc.oneof(tie("ip"), one("arp"), one("payload"))),
    ip: fc.oneof({ withCrossShrink: true }, tie("packet4"), tie("packet6")),
    packet4: stack(
      one("ipv4"),
      fc.oneof(
        { arbitrary: tie("content"), weight: 6 },
        { arbitrary: stack(one("icmp"), payload), weight: 1 },
        { arbitrary: error("icmp", quoted("ipv4")), weight: 1 },
        { arbitrary: one("payload"), weight: 1 },
      ),
    ),
    packet6: stack(
      one("ipv6"),
      fc.array(extension, { maxLength: 2 }).map((list) => list.flat()),
      fc.oneof(
        { arbitrary: tie("content"), weight: 6 },
        { arbitrary: one("icmpv6"), weight: 2 },
        { arbitrary: error("icmpv6", quoted("ipv6")), weight: 1 },
        { arbitrary: one("payload"), weight: 1 },
      ),
    ),
    content: fc.oneof(
      { maxDepth: 2, withCrossShrink: true, depthIdentifier: "tunnel" },
      { arbitrary: udp, weight: 3 },
      { arbitrary: tcp, weight: 3 },
      { arbitrary: dns, weight: 1 },
      { arbitrary: secured, weight: 1 },
      { arbitrary: tie("tunnel"), weight: 8 },
    ),
    tunnel: fc.oneof(
      tie("ip"),
      stack(one("gre"), fc.oneof(tie("ip"), tie("frame"))),
      udpTo(stack(one("vxlan"), tie("frame"))),
      udpTo(stack(one("geneve"), fc.oneof(tie("frame"), tie("ip")))),
      udpTo(stack(one("gue"), tie("ip"))),
      udpTo(tie("ip")),
    ),
  };
});

/** Any valid stack of layers: frames and bare IP packets, tunnels in tunnels, options, odd lengths. */
export const stackArbitrary: fc.Arbitrary<Layers> = fc.oneof({ withCrossShrink: true }, frame, packet4, packet6);

const laterFragment4 = one("ipv4", {
  flags: fc.constantFrom(0, 1),
  frag_offset: fc.integer({ min: 1, max: 0x1fff }),
  protocol: fc.constantFrom(1, 6, 17, 47),
});

const laterFragment6 = one("ipv6-frag", {
  more: fc.constantFrom(0, 1),
  offset: fc.integer({ min: 1, max: 0x1fff }),
  next: fc.constantFrom(6, 17, 58),
});

/** Stacks whose lengths do not simply add up: fragments without their transport header, padded frames. */
export const unevenStackArbitrary: fc.Arbitrary<Layers> = fc.oneof(
  stack(laterFragment4, one("payload")),
  stack(one("ipv6"), laterFragment6, one("payload")),
  stack(one("ipv4", { flags: fc.constant(1) }), one("udp"), one("payload")),
  stack(one("eth"), one("arp"), one("padding", { data: bytesArbitrary(1, 18) })),
  stack(
    udpTunnel(one("vxlan")),
    stack(
      one("eth"),
      one("ipv4", { options: fc.constant([]) }),
      one("udp"),
      one("padding", { data: bytesArbitrary(1, 18) }),
    ),
  ),
);

function udpTunnel(header: fc.Arbitrary<Layers>): fc.Arbitrary<Layers> {
  return stack(one("eth"), one("ipv4"), udpTo(header));
}

/** A stack of whole packets as bytes. */
export const packetArbitrary: fc.Arbitrary<Packet> = stackArbitrary.map((layers) => buildPacket(layers));

/** Any domain name in its canonical text form. */
export const domainNameArbitrary: fc.Arbitrary<string> = fc
  .array(bytesArbitrary(1, 20), { maxLength: 6 })
  .map((labels) => Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]))
  .map((wire) => decodeName(wire, 0, 0, wire.length)!.name);
