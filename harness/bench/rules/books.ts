import { BpfMap } from "../../kernel/bpf-map.js";
import type { LoadedObject } from "../../kernel/loaded-object.js";
import { findCommand } from "../../../netns/find-command.js";
import { loadProgram } from "../load-program.js";
import { shippedObject } from "../shipped-object.js";
import type { Bed } from "../wire/bed.js";
import type { Workshop } from "../wire/workshop.js";

/** A way to refuse so many source addresses, one rule each. */
export interface RuleBook {
  readonly id: string;
  readonly title: string;
  /** Why it cannot be measured on this machine; undefined where it can. */
  whyNot(): string | undefined;
  /** Puts the rules in the place of whatever rules the bed has, and has frames meet them where `attached`. */
  load(bed: Bed, rules: number, workshop: Workshop, attached: boolean): Promise<void> | void;
}

/** The nth address that is refused; none of them is where the frames come from. */
function refused(n: number): readonly [number, number, number, number] {
  return [11, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
}

function lines(rules: number, line: (address: string) => string, between: string): string {
  return Array.from({ length: rules }, (_, n) => line(refused(n).join("."))).join(between);
}

function tool(name: string): string | undefined {
  return findCommand(name) === undefined ? `${name} is not installed` : undefined;
}

/** One after the other: every packet is held against every rule. */
const iptables: RuleBook = {
  id: "iptables",
  title: "iptables rules",
  whyNot: () => tool("iptables-restore"),
  load: (bed, rules) =>
    bed.command(
      ["iptables-restore"],
      `*filter\n${lines(rules, (ip) => `-A FORWARD -s ${ip} -j DROP`, "\n")}\nCOMMIT\n`,
    ),
};

/** One rule that looks into a set, which is a hash table. */
const nftSet: RuleBook = {
  id: "nft-set",
  title: "nftables set",
  whyNot: () => tool("nft"),
  load: (bed, rules) =>
    bed.command(
      ["nft", "-f", "-"],
      `flush ruleset\ntable ip bench {\nset refused { type ipv4_addr; elements = { ${lines(rules, (ip) => ip, ",")} }\n}\n` +
        "chain c { type filter hook forward priority filter; ip saddr @refused drop\n}\n}\n",
    ),
};

/** bpf/xdp_blacklist.bpf.c with its addresses, or with prefixes that are as long as addresses. */
function blacklist(
  id: string,
  title: string,
  map: "addresses_v4" | "prefixes_v4",
  prefix: readonly number[],
): RuleBook {
  return {
    id,
    title,
    whyNot: () => undefined,
    load(bed, rules, { folder }, attached) {
      const object = shippedObject("xdp_blacklist");
      const loaded = loadProgram({ object, entry: "xdp_blacklist", hook: "xdp" }, folder);
      fill(loaded, map, rules, prefix);
      if (attached) bed.attach("xdp-native", "eth0", loaded.programFd);
      if (attached) bed.network.teardown.defer(() => loaded.close());
      else loaded.close();
    },
  };
}

function fill(loaded: LoadedObject, name: string, rules: number, prefix: readonly number[]): void {
  const spec = shippedObject("xdp_blacklist").maps.find((each) => each.name === name)!;
  const map = new BpfMap(spec, loaded.mapFdOf(name));
  const drop = Uint8Array.of(1, 0, 0, 0);
  for (let n = 0; n < rules; n++) map.update(Uint8Array.from([...prefix, ...refused(n)]), drop);
}

/** A trie's key begins with its length in bits. */
const wholeAddress = [32, 0, 0, 0];

export const ruleBooks: readonly RuleBook[] = [
  blacklist("bpf-hash", "BPF hash", "addresses_v4", []),
  blacklist("bpf-lpm", "BPF LPM trie", "prefixes_v4", wholeAddress),
  nftSet,
  iptables,
];
