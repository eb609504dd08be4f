/** EtherTypes by the names of the layers they announce (IEEE 802 numbers; linux/if_ether.h). */
export const etherTypes: Readonly<Record<string, number>> = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  qinq: 0x88a8,
  ipv6: 0x86dd,
  eth: 0x6558,
  wol: 0x0842,
  rarp: 0x8035,
  mpls: 0x8847,
  "mpls-multicast": 0x8848,
  "pppoe-discovery": 0x8863,
  pppoe: 0x8864,
  eapol: 0x888e,
  lldp: 0x88cc,
  macsec: 0x88e5,
  ptp: 0x88f7,
  erspan: 0x88be,
  loopback: 0x9000,
  /** IEEE 802's "local experimental EtherType 1": what a payload right behind a link-layer header gets. */
  experimental: 0x88b5,
};

/** IP protocol numbers by the names of the layers they announce (IANA; linux/in.h, linux/in6.h). */
export const ipProtocols: Readonly<Record<string, number>> = {
  "ipv6-hopopts": 0,
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  egp: 8,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  "ipv6-routing": 43,
  "ipv6-frag": 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  none: 59,
  "ipv6-dstopts": 60,
  eigrp: 88,
  ospf: 89,
  pim: 103,
  vrrp: 112,
  sctp: 132,
  "udp-lite": 136,
  eth: 143,
  /** RFC 3692 experimentation: what a payload right behind an IP header gets. */
  experimental: 253,
};

/** The layer that a number announces, where it is one of ours; `payload` where it is not. */
function nextByNumber(numbers: Readonly<Record<string, number>>, known: readonly string[]) {
  const byNumber = new Map(known.map((name) => [numbers[name], name]));
  return (value: unknown): string => byNumber.get(Number(value)) ?? "payload";
}

const inIp = ["icmp", "ipv4", "tcp", "udp", "ipv6", "gre", "esp", "ah", "eth"];

/** `eth` is transparent Ethernet bridging (RFC 1701's number, used by GRE and Geneve). */
export const nextByEtherType = nextByNumber(etherTypes, ["ipv4", "arp", "vlan", "qinq", "ipv6", "eth"]);

export const nextInIpv4 = nextByNumber(ipProtocols, inIp);

export const nextInIpv6 = nextByNumber(ipProtocols, [
  ...inIp,
  "icmpv6",
  "ipv6-hopopts",
  "ipv6-routing",
  "ipv6-frag",
  "ipv6-dstopts",
]);
