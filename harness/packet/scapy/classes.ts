import { nearest } from "../../model/nearest.js";
import type { FieldValue } from "../../model/packet.js";
import { bitsOf, type ScapyClass, type ScapyField, uint, whole } from "./field.js";
import { geneveOptions } from "./geneve-options.js";
import { ipv4Options } from "./ipv4-options.js";
import { ipv6Options } from "./ipv6-options.js";
import { tcpOptions } from "./tcp-options.js";

type Values = Readonly<Record<string, FieldValue>>;

const computed = { computed: true } as const;
const zero = { default: 0 } as const;

const protocolWords = { icmp: 1, igmp: 2, tcp: 6, udp: 17, ipv6: 41, gre: 47, esp: 50, ah: 51 };
const etherTypeWords = { IPv4: 0x0800, ARP: 0x0806, IPv6: 0x86dd };
const portWords = { ssh: 22, domain: 53, http: 80, ntp: 123, https: 443 };
const icmpWords = {
  "echo-reply": 0,
  "dest-unreach": 3,
  redirect: 5,
  "echo-request": 8,
  "time-exceeded": 11,
  "parameter-problem": 12,
};

const noNextHeader = 59;
const nextHeader = uint("nh", "next", 8, { default: noNextHeader, words: protocolWords });
const trafficClass = (name: string): ScapyField => ({
  name,
  parts: [
    { field: "dscp", shift: 0, bits: 6 },
    { field: "ecn", shift: 0, bits: 2 },
  ],
  default: 0,
});

const vlanFields = [
  uint("prio", "pcp", 3, zero),
  uint("id", "dei", 1, zero),
  uint("vlan", "id", 12, { default: 1 }),
  uint("type", "type", 16, { default: 0, words: etherTypeWords }),
];

const ipv6OptionFields = [
  nextHeader,
  uint("len", "length", 8, computed),
  // Not on the wire; says whether the options are all there is.
  { name: "autopad", parts: [], default: 1 },
  whole("options", "options", { special: ipv6Options }),
];

function icmpv6(name: string, type: number, fields: readonly ScapyField[]): ScapyClass {
  const common = [
    uint("type", "type", 8, { default: type }),
    uint("code", "code", 8, zero),
    uint("cksum", "checksum", 16, computed),
  ];
  return { name, protocol: "icmpv6", fixed: { type }, fields: [...common, ...fields] };
}

const echoFields = [uint("id", "id", 16, zero), uint("seq", "seq", 16, zero)];
/** RFC 4884 took the first byte of what was unused. */
const unusedFields = [bitsOf("length", "reserved", 24, 8), bitsOf("unused", "reserved", 0, 24)];

/** Every Scapy class that is understood here, in the order in which they are tried on the way out. */
export const scapyClasses: readonly ScapyClass[] = [
  {
    name: "Ether",
    protocol: "eth",
    next: "type",
    fields: [
      whole("dst", "dst"),
      whole("src", "src"),
      uint("type", "type", 16, { default: 0x9000, words: etherTypeWords }),
    ],
  },
  { name: "Dot1Q", protocol: "vlan", next: "type", fields: vlanFields },
  { name: "Dot1AD", protocol: "qinq", next: "type", fields: vlanFields },
  {
    name: "ARP",
    protocol: "arp",
    // With other sizes, Scapy's addresses have other sizes as well.
    fits: (values) => values["hardware_length"] === 6 && values["protocol_length"] === 4 && isEthernetIpv4(values),
    fields: [
      uint("hwtype", "hardware", 16, { default: 1 }),
      uint("ptype", "type", 16, { default: 0x0800, words: etherTypeWords }),
      uint("hwlen", "hardware_length", 8, { default: 6 }),
      uint("plen", "protocol_length", 8, { default: 4 }),
      uint("op", "op", 16, { default: 1, words: { "who-has": 1, "is-at": 2 } }),
      whole("hwsrc", "sender_mac"),
      whole("psrc", "sender_ip"),
      whole("hwdst", "target_mac", { default: "00:00:00:00:00:00" }),
      whole("pdst", "target_ip", { default: "0.0.0.0" }),
    ],
  },
  {
    name: "IP",
    protocol: "ipv4",
    next: "proto",
    fields: [
      uint("version", "version", 4, { default: 4 }),
      uint("ihl", "ihl", 4, computed),
      trafficClass("tos"),
      uint("len", "length", 16, computed),
      uint("id", "id", 16, { default: 1 }),
      uint("flags", "flags", 3, zero),
      uint("frag", "frag_offset", 13, zero),
      uint("ttl", "ttl", 8, { default: 64 }),
      uint("proto", "protocol", 8, { default: 0, words: protocolWords }),
      uint("chksum", "checksum", 16, computed),
      whole("src", "src"),
      whole("dst", "dst", { default: "127.0.0.1" }),
      whole("options", "options", { special: ipv4Options }),
    ],
  },
  {
    name: "IPv6",
    protocol: "ipv6",
    next: "nh",
    fields: [
      uint("version", "version", 4, { default: 6 }),
      trafficClass("tc"),
      uint("fl", "flow", 20, zero),
      uint("plen", "length", 16, computed),
      nextHeader,
      uint("hlim", "hop_limit", 8, { default: 64 }),
      whole("src", "src"),
      whole("dst", "dst", { default: "::1" }),
    ],
  },
  { name: "IPv6ExtHdrHopByHop", protocol: "ipv6-hopopts", next: "nh", fields: ipv6OptionFields },
  { name: "IPv6ExtHdrDestOpt", protocol: "ipv6-dstopts", next: "nh", fields: ipv6OptionFields },
  {
    name: "IPv6ExtHdrSegmentRouting",
    protocol: "ipv6-routing",
    next: "nh",
    fixed: { type: 4 },
    fields: [
      nextHeader,
      uint("len", "length", 8, computed),
      uint("type", "type", 8, { default: 4 }),
      uint("segleft", "segments_left", 8, computed),
      uint("lastentry", "last_entry", 8, computed),
      bitsOf("unused1", "flags", 7, 1),
      bitsOf("protected", "flags", 6, 1),
      bitsOf("oam", "flags", 5, 1),
      bitsOf("alert", "flags", 4, 1),
      bitsOf("hmac", "flags", 3, 1),
      bitsOf("unused2", "flags", 0, 3),
      uint("tag", "tag", 16, zero),
      whole("addresses", "addresses"),
    ],
  },
  {
    name: "IPv6ExtHdrRouting",
    protocol: "ipv6-routing",
    next: "nh",
    fits: (values) => values["type"] !== 4,
    fields: [
      nextHeader,
      uint("len", "length", 8, computed),
      uint("type", "type", 8, zero),
      uint("segleft", "segments_left", 8),
      uint("reserved", "reserved", 32, zero),
      whole("addresses", "addresses"),
    ],
  },
  {
    name: "IPv6ExtHdrFragment",
    protocol: "ipv6-frag",
    next: "nh",
    fields: [
      nextHeader,
      uint("res1", "reserved", 8, zero),
      uint("offset", "offset", 13, zero),
      uint("res2", "reserved2", 2, zero),
      uint("m", "more", 1, zero),
      uint("id", "id", 32),
    ],
  },
  {
    name: "TCP",
    protocol: "tcp",
    fields: [
      uint("sport", "sport", 16, { default: 20, words: portWords }),
      uint("dport", "dport", 16, { default: 80, words: portWords }),
      uint("seq", "seq", 32, zero),
      uint("ack", "ack", 32, zero),
      uint("dataofs", "data_offset", 4, computed),
      uint("reserved", "reserved", 3, zero),
      uint("flags", "flags", 9, { default: 2 }),
      uint("window", "window", 16, { default: 8192 }),
      uint("chksum", "checksum", 16, computed),
      uint("urgptr", "urgent", 16, zero),
      whole("options", "options", { special: tcpOptions }),
    ],
  },
  {
    name: "UDP",
    protocol: "udp",
    fields: [
      uint("sport", "sport", 16, { default: 53, words: portWords }),
      uint("dport", "dport", 16, { default: 53, words: portWords }),
      uint("len", "length", 16, computed),
      uint("chksum", "checksum", 16, computed),
    ],
  },
  {
    name: "ICMP",
    protocol: "icmp",
    fields: [
      uint("type", "type", 8, { default: 8, words: icmpWords }),
      uint("code", "code", 8, zero),
      uint("chksum", "checksum", 16, computed),
      uint("id", "id", 16, zero),
      uint("seq", "seq", 16, zero),
      uint("ts_ori", "originate", 32),
      uint("ts_rx", "receive", 32),
      uint("ts_tx", "transmit", 32),
      whole("gw", "gateway", { default: "0.0.0.0" }),
      uint("ptr", "pointer", 8, zero),
      uint("reserved", "unused", 8, zero),
      uint("length", "length", 8, zero),
      whole("addr_mask", "mask", { default: "0.0.0.0" }),
      uint("nexthopmtu", "mtu", 16, zero),
      uint("unused", "unused2", 16, zero),
      uint("unused", "rest", 32, zero),
    ],
  },
  icmpv6("ICMPv6EchoRequest", 128, echoFields),
  icmpv6("ICMPv6EchoReply", 129, echoFields),
  icmpv6("ICMPv6DestUnreach", 1, unusedFields),
  icmpv6("ICMPv6PacketTooBig", 2, [uint("mtu", "mtu", 32, { default: 1280 })]),
  icmpv6("ICMPv6TimeExceeded", 3, unusedFields),
  icmpv6("ICMPv6ParamProblem", 4, [uint("ptr", "pointer", 32, { default: 6 })]),
  icmpv6("ICMPv6ND_RS", 133, [uint("res", "reserved", 32, zero)]),
  icmpv6("ICMPv6ND_RA", 134, [
    uint("chlim", "hop_limit", 8, zero),
    bitsOf("M", "flags", 7, 1),
    bitsOf("O", "flags", 6, 1),
    bitsOf("H", "flags", 5, 1),
    bitsOf("prf", "flags", 3, 2, 1),
    bitsOf("P", "flags", 2, 1),
    bitsOf("res", "flags", 0, 2),
    uint("routerlifetime", "lifetime", 16, { default: 1800 }),
    uint("reachabletime", "reachable", 32, zero),
    uint("retranstimer", "retransmit", 32, zero),
  ]),
  icmpv6("ICMPv6ND_NS", 135, [uint("res", "reserved", 32, zero), whole("tgt", "target", { default: "::" })]),
  icmpv6("ICMPv6ND_NA", 136, [
    uint("R", "router", 1, { default: 1 }),
    uint("S", "solicited", 1, zero),
    uint("O", "override", 1, { default: 1 }),
    uint("res", "reserved29", 29, zero),
    whole("tgt", "target", { default: "::" }),
  ]),
  {
    name: "GRE",
    protocol: "gre",
    next: "proto",
    // Version 1 has another class, GRE_PPTP, and Scapy's routing entries are layers.
    fits: (values) => values["version"] === 0 && ((values["flags"] as number) & 0x0810) === 0,
    fields: [
      bitsOf("chksum_present", "flags", 12, 1),
      bitsOf("routing_present", "flags", 11, 1),
      bitsOf("key_present", "flags", 10, 1),
      bitsOf("seqnum_present", "flags", 9, 1),
      bitsOf("strict_route_source", "flags", 8, 1),
      bitsOf("recursion_control", "flags", 5, 3),
      bitsOf("flags", "flags", 0, 5),
      uint("version", "version", 3, zero),
      uint("proto", "protocol", 16, { default: 0, words: etherTypeWords }),
      uint("chksum", "checksum", 16, computed),
      uint("offset", "reserved", 16, zero),
      uint("key", "key", 32, zero),
      uint("sequence_number", "seq", 32, zero),
    ],
  },
  {
    name: "VXLAN",
    protocol: "vxlan",
    // G (group policy) and P (next protocol) give the reserved bytes other names.
    fits: (values) => ((values["flags"] as number) & 0x84) === 0,
    fields: [
      uint("flags", "flags", 8),
      uint("reserved1", "reserved", 24, zero),
      { ...bitsOf("reserved0", "reserved", 8, 16), alias: true },
      { ...bitsOf("NextProtocol", "reserved", 0, 8), alias: true },
      { ...bitsOf("gpflags", "reserved", 16, 8), alias: true },
      { ...bitsOf("gpid", "reserved", 0, 16), alias: true },
      uint("vni", "vni", 24, zero),
      uint("reserved2", "reserved2", 8, zero),
    ],
  },
  {
    name: "GENEVE",
    protocol: "geneve",
    next: "proto",
    fields: [
      uint("version", "version", 2, zero),
      uint("optionlen", "length", 6, computed),
      bitsOf("oam", "flags", 7, 1),
      bitsOf("critical", "flags", 6, 1),
      bitsOf("reserved", "flags", 0, 6),
      uint("proto", "protocol", 16, { default: 0, words: etherTypeWords }),
      uint("vni", "vni", 24, zero),
      uint("reserved2", "reserved", 8, zero),
      whole("options", "options", { special: geneveOptions }),
    ],
  },
];

function isEthernetIpv4(values: Values): boolean {
  return values["hardware"] === 1 && values["type"] === 0x0800;
}

/** Classes that are read in ways of their own. */
export const specialClasses = [
  "Raw",
  "Padding",
  "DNS",
  "ICMPv6Unknown",
  "ICMPv6NDOptSrcLLAddr",
  "ICMPv6NDOptDstLLAddr",
  "ICMPv6NDOptUnknown",
];

export function findScapyClass(name: string): ScapyClass | undefined {
  return scapyClasses.find((candidate) => candidate.name === name);
}

/** For messages. */
export function classHint(name: string): string {
  const names = [...scapyClasses.map((known) => known.name), ...specialClasses];
  const close = nearest(name, names);
  return close ? `did you mean '${close}'?` : `known are ${names.join(", ")}`;
}

const etherTypesOf = { IP: 0x0800, ARP: 0x0806, Dot1Q: 0x8100, IPv6: 0x86dd, Dot1AD: 0x88a8 };
const transportsOf = { IP: 4, TCP: 6, UDP: 17, IPv6: 41, GRE: 47 };
const nextHeadersOf = {
  ...transportsOf,
  IPv6ExtHdrHopByHop: 0,
  IPv6ExtHdrRouting: 43,
  IPv6ExtHdrSegmentRouting: 43,
  IPv6ExtHdrFragment: 44,
  ICMPv6: 58,
  IPv6ExtHdrDestOpt: 60,
};

/** What Scapy's `bind_layers` puts into the lower layer's `next` field, by the upper class; without entry: its default. */
const bindings: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Ether: { ...etherTypesOf, Ether: 1 },
  Dot1Q: { ...etherTypesOf, Ether: 1 },
  Dot1AD: { ...etherTypesOf, Ether: 1 },
  GRE: { IP: 0x0800, ARP: 0x0806, Dot1Q: 0x8100, IPv6: 0x86dd, Ether: 0x6558 },
  GENEVE: { IP: 0x0800, IPv6: 0x86dd, Ether: 0x6558 },
  IP: { ...transportsOf, ICMP: 1 },
  IPv6: nextHeadersOf,
};

/** The number that Scapy announces `upper` with; undefined where it leaves the field alone. */
export function bindingOf(lower: string, upper: string | undefined): number | undefined {
  if (upper === undefined) return undefined;
  const table = bindings[lower.startsWith("IPv6ExtHdr") ? "IPv6" : lower];
  return table?.[upper.startsWith("ICMPv6") ? "ICMPv6" : upper];
}
