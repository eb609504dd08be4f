import type { LayerSpec } from "../model/scenario.js";
import { layer } from "../packet/layer.js";
import type { Plain } from "../packet/field-value.js";

export type Stack = readonly LayerSpec[];

type Written = string | readonly [name: string, fields: Plain];

const text = "payload!";

/** Options as bytes stand for themselves: wrong lengths, and data that does not fit. */
const ipv4Options: readonly Plain[] = [
  ["nop", "nop", "nop", "eol"],
  [{ "router-alert": 0 }],
  [{ "record-route": { route: ["0.0.0.0", "0.0.0.0", "0.0.0.0"] } }],
];

const tcpOptions: readonly Plain[] = [
  [{ mss: 1460 }],
  ["nop", "nop", { timestamps: { value: 1, echo: 0 } }],
  [{ mss: 1460 }, "sack-permitted", { timestamps: { value: 1, echo: 0 } }, "nop", { wscale: 7 }],
];

const transports: readonly (readonly Written[])[] = [
  ["udp", ["payload", text]],
  ["tcp", ["payload", text]],
  ["udp"],
  ["tcp"],
  ...tcpOptions.map((options): readonly Written[] => [
    ["tcp", { options }],
    ["payload", text],
  ]),
  [
    ["tcp", { flags: "A" }],
    ["payload", text],
  ],
  [
    ["udp", { checksum: 0 }],
    ["payload", text],
  ],
  ["udp", ["dns", { questions: [{ name: "www.example.com", type: 1, class: 1 }] }]],
];

const links: readonly (readonly Written[])[] = [["eth"], ["eth", ["vlan", 100]], ["eth", ["qinq", 200], ["vlan", 100]]];

const later4: Written = ["ipv4", { id: 1, frag_offset: 185, protocol: 17 }];
const laterTcp4: Written = ["ipv4", { id: 1, frag_offset: 1, protocol: 6 }];
const first4: Written = ["ipv4", { id: 1, flags: "MF" }];
const fragment: Written = ["payload", { hex: "9c40003500100000000102030405060708090a0b0c0d0e0f" }];

const networks4: readonly (readonly Written[])[] = [
  ...transports.map((transport): readonly Written[] => ["ipv4", ...transport]),
  ["ipv4", "icmp"],
  ["ipv4", "icmp", ["payload", text]],
  ["ipv4", ["payload", text]],
  ...ipv4Options.flatMap((options): readonly (readonly Written[])[] => [
    [["ipv4", { options }], "udp", ["payload", text]],
    [["ipv4", { options }], "tcp", ["payload", text]],
    [["ipv4", { options }], "icmp"],
  ]),
  [later4, fragment],
  [laterTcp4, fragment],
  [first4, "udp", ["payload", text]],
  [first4, "tcp", ["payload", text]],
  ["ipv4", ["icmp", { type: 3 }], "ipv4", "udp"],
  ["ipv4", ["icmp", { type: 11 }], "ipv4", "tcp"],
];

const networks6: readonly (readonly Written[])[] = [
  ...transports
    .filter(([first]) => typeof first === "string" || !("checksum" in (first![1] as object)))
    .map((transport): readonly Written[] => ["ipv6", ...transport]),
  ["ipv6", "icmpv6"],
  ["ipv6", ["payload", text]],
  ["ipv6", ["icmpv6", { type: 135 }]],
  ...["ipv6-hopopts", "ipv6-dstopts"].flatMap((extension): readonly (readonly Written[])[] => [
    ["ipv6", extension, "udp", ["payload", text]],
    ["ipv6", extension, "tcp"],
    ["ipv6", extension, "icmpv6"],
  ]),
  ["ipv6", ["ipv6-routing", { addresses: ["fd00::3"] }], "udp", ["payload", text]],
  ["ipv6", "ipv6-hopopts", "ipv6-dstopts", "tcp", ["payload", text]],
  ["ipv6", ["ipv6-frag", { id: 1, more: 1 }], "udp", ["payload", text]],
  ["ipv6", ["ipv6-frag", { id: 1, offset: 1, next: 17 }], fragment],
  ["ipv6", ["icmpv6", { type: 3 }], "ipv6", "udp"],
];

const tunnels: readonly (readonly Written[])[] = [
  ["eth", "ipv4", "ipv4", "udp", ["payload", text]],
  ["eth", "ipv4", "ipv6", "tcp"],
  ["eth", "ipv6", "ipv4", "udp"],
  ["eth", "ipv6", "ipv6", "tcp", ["payload", text]],
  ["eth", "ipv4", "gre", "ipv4", "udp"],
  ["eth", "ipv4", "gre", "eth", "ipv4", "udp"],
  ["eth", "ipv4", "udp", "vxlan", "eth", "ipv4", "udp", ["payload", text]],
  ["eth", "ipv4", "udp", "vxlan", "eth", ["vlan", 5], "ipv6", "tcp"],
  ["eth", "ipv6", "udp", "vxlan", "eth", "ipv4", "udp"],
  ["eth", "ipv4", "udp", "geneve", "eth", "ipv4", "tcp"],
  ["eth", "ipv4", "udp", "gue", "ipv4", "udp"],
  ["eth", "ipv4", "ipv4", "ipv4", "udp"],
  ["eth", "ipv4", "ah", "tcp"],
  ["eth", "ipv4", "esp", ["payload", text]],
  ["eth", "ipv6", "ah", "udp"],
];

/** Frames of every protocol, simple ones first: what a generator starts from, and shrinks to. */
export const stacks: readonly Stack[] = [
  ["eth", ["payload", text]] as const,
  ["eth", "arp"] as const,
  ...[...networks4, ...networks6].map((network) => ["eth", ...network] as const),
  ...tunnels,
  ["eth", ["vlan", 100], "arp"] as const,
  ...links
    .slice(1)
    .flatMap((link) => [...networks4, ...networks6].map((network): readonly Written[] => [...link, ...network])),
].map((written) => written.map(layerOf));

function layerOf(written: Written): LayerSpec {
  return typeof written === "string" ? layer(written) : layer(written[0], written[1]);
}
