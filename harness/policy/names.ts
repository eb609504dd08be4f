import { type Decoder, refined } from "../scenario/decoder.js";
import { object, optional } from "../scenario/object.js";
import { word } from "../scenario/scalars.js";
import type { NamePattern, Peer } from "./rule.js";

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A domain name in small letters and without a dot at its end; empty stands for the root. Undefined where it is none. */
function domainOf(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  if (name === "") return name;
  return name.length <= 253 && name.split(".").every((part) => label.test(part)) ? name : undefined;
}

const matchName: Decoder<NamePattern> = refined(word("a name"), (value, node, report) => {
  const domain = domainOf(value);
  if (domain) return { domain, depth: "itself" };
  const hint = value.includes("*") ? "write matchPattern instead of matchName" : "for example: api.example.com";
  return report(node.span, `'${value}' is not a name`, hint);
});

/** `*`, `*.domain`, `**.domain` or a name: what a trie of reversed names can hold. */
const matchPattern: Decoder<NamePattern> = refined(word("a pattern"), (value, node, report) => {
  if (value === "*") return { domain: "", depth: "any" };
  const [, stars, rest] = /^(\*{1,2})\.(.+)$/.exec(value) ?? [];
  const domain = domainOf(rest ?? value);
  if (domain) return { domain, depth: stars === undefined ? "itself" : stars === "*" ? "one" : "any" };
  return report(
    node.span,
    `the pattern '${value}' is not supported`,
    "a '*' may stand for the first label alone: *.example.com; '**' for any number of them",
  );
});

/** The items of `toFQDNs`. */
export const namePeer: Decoder<Peer> = refined(
  object("a name", {
    matchName: optional(matchName, "exactly this name", "api.example.com"),
    matchPattern: optional(matchPattern, "names by pattern", "*.example.com"),
  }),
  ({ matchName: name, matchPattern: pattern }, node, report) => {
    if (name && pattern) return report(node.span, "write one of 'matchName' and 'matchPattern'");
    const found = name ?? pattern;
    return found ? { kind: "name", pattern: found } : report(node.span, "write 'matchName' or 'matchPattern'");
  },
);

export function labelCount(domain: string): number {
  return domain === "" ? 0 : domain.split(".").length;
}

/** Whether `pattern` speaks of names with `extra` labels before `domain`: 0, 1, or 2 for any number beyond. */
export function speaksOf(pattern: NamePattern, domain: string, extra: 0 | 1 | 2): boolean {
  const isAt = pattern.domain === domain;
  const isBelow = pattern.domain === "" ? domain !== "" : domain.endsWith(`.${pattern.domain}`);
  if (pattern.depth === "itself") return isAt && extra === 0;
  if (pattern.depth === "any") return isBelow || (isAt && extra > 0);
  const labelsBelow = labelCount(domain) - labelCount(pattern.domain) + extra;
  return (isAt || isBelow) && labelsBelow === 1;
}
