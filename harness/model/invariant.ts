/** What `expect: { invariant: […] }` can ask of every run of a property, each with its meaning. */
export const invariants = {
  "no-fault": "the program accesses no memory but what is there, ends, and hands to helpers what they take",
  "known-verdict": "the return value is one that the hook knows",
  "checksums-valid": "a valid packet that goes on has valid checksums",
  "length-consistent": "a valid packet that goes on has headers whose lengths are those of its bytes",
  "ttl-nonzero": "a packet whose TTL or hop limit was counted down goes on only if it is not used up (RFC 1812 §5.3.1)",
  "padding-ignored": "what stands behind the end of the packet, as its headers say it, decides nothing",
  "later-fragments-alike": "bytes of a fragment that is not the first are data, not taken for ports or types",
  "backends-agree": "the simulator's engines and the kernel come to the same verdict and the same bytes",
  unchanged: "a packet that goes on is as it came, byte for byte",
  stateless: "the same packet fares the same the second time",
  "vlan-transparent": "a VLAN tag makes no difference to the verdict",
  "options-transparent": "IPv4 options make no difference to the verdict",
  "extensions-transparent": "an IPv6 hop-by-hop options header makes no difference to the verdict",
} as const;

export type InvariantName = keyof typeof invariants;
