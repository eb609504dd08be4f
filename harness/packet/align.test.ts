import { expect } from "chai";
import { alignLayers } from "./align.js";

describe("alignLayers", () => {
  const cases: [string, string, string, (number | undefined)[]][] = [
    ["the same layers", "eth ipv4 tcp", "eth ipv4 tcp", [0, 1, 2]],
    ["IPIP added: the outer header is the new one", "eth ipv4 tcp", "eth ipv4 ipv4 tcp", [0, undefined, 1, 2]],
    ["IPIP removed: the inner header stays", "eth ipv4 ipv4 tcp", "eth ipv4 tcp", [0, 2, 3]],
    ["a VLAN tag pushed", "eth ipv4 udp", "eth vlan ipv4 udp", [0, undefined, 1, 2]],
    [
      "a tunnel with its own link layer",
      "eth ipv4 tcp",
      "eth ipv4 udp vxlan eth ipv4 tcp",
      [undefined, undefined, undefined, undefined, 0, 1, 2],
    ],
    ["nothing in common", "arp", "ipv6 udp", [undefined, undefined]],
  ];
  for (const [title, sent, actual, origin] of cases) {
    it(title, () => expect(alignLayers(sent.split(" "), actual.split(" "))).to.deep.equal(origin));
  }
});
