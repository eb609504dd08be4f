import type { Values } from "./protocol.js";

/** How Wireshark writes a value of ours down in `-T fields`. */
export type WiresharkForm =
  /** The same number, decimal or hex. */
  | { readonly kind: "number"; readonly scale?: number; readonly mask?: number }
  /** An address, a flag or bytes: compared as bytes. */
  | { readonly kind: "mac" | "ipv4" | "ipv6" | "bytes" };

export interface WiresharkField {
  /** `protocol.field` of ours. */
  readonly ours: string;
  readonly theirs: string;
  readonly form: WiresharkForm;
  /** In which variants of the header Wireshark shows the field at all; always, unless given. */
  readonly shown: (values: Values) => boolean;
}

type Entry = string | readonly [theirs: string, form?: WiresharkForm, shown?: (values: Values) => boolean];

const number: WiresharkForm = { kind: "number" };
const mac: WiresharkForm = { kind: "mac" };
const ipv4: WiresharkForm = { kind: "ipv4" };
const ipv6: WiresharkForm = { kind: "ipv6" };
const bytes: WiresharkForm = { kind: "bytes" };

/** Wireshark shows header lengths in bytes, whatever the unit on the wire is. */
const words: WiresharkForm = { kind: "number", scale: 4 };
/** Its 32-bit words hold fields of ours in their lower bits. */
const lower = (bits: number): WiresharkForm => ({ kind: "number", mask: 2 ** bits - 1 });

/** Fields of ours by protocol, and what they are called in `tshark -G fields` (4.0). */
const table: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  eth: { dst: ["eth.dst", mac], src: ["eth.src", mac], type: "eth.type" },
  vlan: { pcp: "vlan.priority", dei: "vlan.dei", id: "vlan.id", type: "vlan.etype" },
  qinq: { pcp: "ieee8021ad.priority", dei: "ieee8021ad.dei", id: "ieee8021ad.id" },
  arp: {
    hardware: "arp.hw.type",
    type: "arp.proto.type",
    hardware_length: "arp.hw.size",
    protocol_length: "arp.proto.size",
    op: "arp.opcode",
    sender_mac: ["arp.src.hw_mac", mac, isEthernet],
    sender_ip: ["arp.src.proto_ipv4", ipv4, isIpv4],
    target_mac: ["arp.dst.hw_mac", mac, isEthernet],
    target_ip: ["arp.dst.proto_ipv4", ipv4, isIpv4],
  },
  ipv4: {
    // No version: Wireshark has the field of IPv4 in IPv6 headers as well.
    ihl: ["ip.hdr_len", words],
    dscp: "ip.dsfield.dscp",
    ecn: "ip.dsfield.ecn",
    length: "ip.len",
    id: "ip.id",
    flags: "ip.flags",
    frag_offset: "ip.frag_offset",
    ttl: "ip.ttl",
    protocol: "ip.proto",
    checksum: "ip.checksum",
    src: ["ip.src", ipv4],
    dst: ["ip.dst", ipv4],
  },
  ipv6: {
    version: "ipv6.version",
    dscp: "ipv6.tclass.dscp",
    ecn: "ipv6.tclass.ecn",
    flow: "ipv6.flow",
    length: "ipv6.plen",
    next: "ipv6.nxt",
    hop_limit: "ipv6.hlim",
    src: ["ipv6.src", ipv6],
    dst: ["ipv6.dst", ipv6],
  },
  "ipv6-hopopts": { next: "ipv6.hopopts.nxt", length: "ipv6.hopopts.len" },
  "ipv6-dstopts": { next: "ipv6.dstopts.nxt", length: "ipv6.dstopts.len" },
  "ipv6-routing": {
    next: "ipv6.routing.nxt",
    length: "ipv6.routing.len",
    type: "ipv6.routing.type",
    segments_left: "ipv6.routing.segleft",
    last_entry: "ipv6.routing.srh.last_entry",
    flags: "ipv6.routing.srh.flags",
    tag: ["ipv6.routing.srh.tag", bytes],
  },
  "ipv6-frag": {
    next: "ipv6.fraghdr.nxt",
    reserved: "ipv6.fraghdr.reserved_octet",
    offset: "ipv6.fraghdr.offset",
    reserved2: "ipv6.fraghdr.reserved_bits",
    more: "ipv6.fraghdr.more",
    id: "ipv6.fraghdr.ident",
  },
  ah: {
    next: "ah.next_header",
    length: "ah.length",
    reserved: ["ah.reserved", bytes],
    spi: "ah.spi",
    seq: "ah.sequence",
    icv: ["ah.icv", bytes],
  },
  esp: { spi: "esp.spi", seq: "esp.sequence" },
  tcp: {
    sport: "tcp.srcport",
    dport: "tcp.dstport",
    seq: "tcp.seq_raw",
    ack: "tcp.ack_raw",
    data_offset: ["tcp.hdr_len", words],
    flags: ["tcp.flags", lower(9)],
    window: "tcp.window_size_value",
    checksum: "tcp.checksum",
    urgent: "tcp.urgent_pointer",
  },
  udp: { sport: "udp.srcport", dport: "udp.dstport", length: "udp.length", checksum: "udp.checksum" },
  icmp: {
    type: "icmp.type",
    code: "icmp.code",
    checksum: "icmp.checksum",
    id: "icmp.ident",
    seq: "icmp.seq",
    originate: "icmp.originate_timestamp",
    receive: "icmp.receive_timestamp",
    transmit: "icmp.transmit_timestamp",
    gateway: ["icmp.redir_gw", ipv4],
    pointer: "icmp.pointer",
    mtu: ["icmp.mtu", number, (values) => values["code"] === 4],
  },
  icmpv6: {
    type: "icmpv6.type",
    code: "icmpv6.code",
    checksum: "icmpv6.checksum",
    id: "icmpv6.echo.identifier",
    seq: "icmpv6.echo.sequence_number",
    mtu: "icmpv6.mtu",
    pointer: "icmpv6.pointer",
    hop_limit: "icmpv6.nd.ra.cur_hop_limit",
    flags: "icmpv6.nd.ra.flag",
    lifetime: "icmpv6.nd.ra.router_lifetime",
    reachable: "icmpv6.nd.ra.reachable_time",
    retransmit: "icmpv6.nd.ra.retrans_timer",
    router: "icmpv6.nd.na.flag.r",
    solicited: "icmpv6.nd.na.flag.s",
    override: "icmpv6.nd.na.flag.o",
    max_delay: "icmpv6.mld.maximum_response_delay",
    group: ["icmpv6.mld.multicast_address", ipv6],
    records: "icmpv6.mldr.nb_mcast_records",
  },
  gre: {
    version: "gre.flags.version",
    protocol: "gre.proto",
    checksum: "gre.checksum",
    reserved: "gre.offset",
    key: "gre.key",
    seq: "gre.sequence_number",
  },
  vxlan: { vni: "vxlan.vni", reserved2: "vxlan.reserved8" },
  geneve: {
    version: "geneve.version",
    flags: "geneve.flags",
    protocol: "geneve.proto_type",
    vni: "geneve.vni",
    reserved: "geneve.reserved",
  },
  dns: {
    id: "dns.id",
    qr: "dns.flags.response",
    opcode: "dns.flags.opcode",
    rd: "dns.flags.recdesired",
    z: "dns.flags.z",
    question_count: ["dns.count.queries", number, isNoUpdate],
    answer_count: ["dns.count.answers", number, isNoUpdate],
    authority_count: ["dns.count.auth_rr", number, isNoUpdate],
    additional_count: "dns.count.add_rr",
  },
};

/** Addresses of other sizes have no address's name there. */
function isEthernet(values: Values): boolean {
  return values["hardware"] === 1;
}

function isIpv4(values: Values): boolean {
  return values["type"] === 0x0800;
}

/** In updates (RFC 2136) these counts have other names. */
function isNoUpdate(values: Values): boolean {
  return values["opcode"] !== 5;
}

/** The declared mapping: on these fields two decoders have to agree. */
export const wiresharkFields: readonly WiresharkField[] = Object.entries(table).flatMap(([protocol, fields]) =>
  Object.entries(fields).map(([field, entry]) => {
    const [theirs, form = number, shown = () => true] = typeof entry === "string" ? [entry] : entry;
    return { ours: `${protocol}.${field}`, theirs, form, shown };
  }),
);

/** Wireshark's verdicts on checksums of ours; 0 = bad, 1 = good, others mean that it did not look. */
export const wiresharkChecksums: Readonly<Record<string, string>> = {
  "ipv4.checksum": "ip.checksum.status",
  "tcp.checksum": "tcp.checksum.status",
  "udp.checksum": "udp.checksum.status",
  "icmp.checksum": "icmp.checksum.status",
  "icmpv6.checksum": "icmpv6.checksum.status",
  "gre.checksum": "gre.checksum.status",
};

/** What Wireshark may dissect: everything that we know as well, so that it does not see more than we do. */
export const wiresharkProtocols: readonly string[] = [
  ...["frame", "eth", "ethertype", "raw", "data", "vlan", "ieee8021ad", "arp", "ip", "ipv6", "tcp", "udp"],
  ...["icmp", "icmpv6", "gre", "vxlan", "geneve", "dns", "ah", "esp"],
  ...["ipv6.hopopts", "ipv6.dstopts", "ipv6.fraghdr", "ipv6.routing", "ipv6.routing.type.rt0"],
  ...["ipv6.routing.type.mipv6", "ipv6.routing.type.srh"],
];
