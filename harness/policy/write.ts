import type { Written, WrittenEntry } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import type { CompiledPolicies } from "./compile.js";
import { formatAddress, type Prefix } from "./networks.js";

/** Identities by address: what `identities` holds. */
export type IdentityTable = ReadonlyMap<
  string,
  { readonly prefix: Prefix; readonly identity: number; readonly span: Span }
>;

/** Names of the maps and their members, as in bpf/tc_policy.bpf.c. A program of one's own that has these can be used as well. */
export function writePolicies(
  { isolated, rules, names }: CompiledPolicies,
  identities: IdentityTable,
  span: Span,
): readonly WrittenEntry[] {
  return [
    contents("identities", span, [...identities.values()].map(writeIdentity)),
    contents(
      "isolated",
      span,
      isolated.map((each) => entry(each.span, number(each.identity, each.span), number(each.flags, each.span))),
    ),
    contents(
      "policy",
      span,
      rules.map((rule) => {
        const { subject, peer, direction, protocol, flags } = rule;
        const port = record(rule.span, { be: number(rule.port, rule.span) });
        const plain = { prefix_bits: rule.bits, subject, peer, direction, protocol };
        return entry(rule.span, record(rule.span, { ...numbers(plain, rule.span), port }), number(flags, rule.span));
      }),
    ),
    contents(
      "names",
      span,
      names.map((name) => {
        const { labels, identity, deeper, reversed, whole } = name;
        const bits = number((reversed.length + (whole ? 1 : 0)) * 8, name.span);
        const key = record(name.span, { prefix_bits: bits, reversed: text(reversed, name.span) });
        return entry(name.span, key, record(name.span, numbers({ labels, identity, deeper }, name.span)));
      }),
    ),
  ].filter(({ value }) => value.kind === "list" && value.items.length > 0);
}

/** What turns one table into another. */
export function writeChange(
  before: IdentityTable,
  after: IdentityTable,
  span: Span,
): { readonly set: readonly WrittenEntry[]; readonly delete: readonly WrittenEntry[] } {
  const gone = [...before].flatMap(([key, { prefix }]) => (after.has(key) ? [] : [writePrefix(prefix, span)]));
  const changed = [...after].flatMap(([key, each]) =>
    before.get(key)?.identity === each.identity ? [] : [writeIdentity({ ...each, span })],
  );
  return {
    set: changed.length > 0 ? [contents("identities", span, changed)] : [],
    delete: gone.length > 0 ? [contents("identities", span, gone)] : [],
  };
}

function writeIdentity({ prefix, identity, span }: { prefix: Prefix; identity: number; span: Span }): Written {
  return entry(span, writePrefix(prefix, span), number(identity, span));
}

function writePrefix(prefix: Prefix, span: Span): Written {
  return record(span, { prefix_bits: number(prefix.bits, span), address: text(formatAddress(prefix), span) });
}

function contents(map: string, span: Span, items: readonly Written[]): WrittenEntry {
  return { key: map, keySpan: span, value: { kind: "list", items, span } };
}

function entry(span: Span, key: Written, value: Written): Written {
  return record(span, { key, value });
}

function record(span: Span, members: Readonly<Record<string, Written>>): Written {
  return { kind: "map", entries: Object.entries(members).map(([key, value]) => ({ key, keySpan: span, value })), span };
}

function numbers(members: Readonly<Record<string, number>>, span: Span): Readonly<Record<string, Written>> {
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, number(value, span)]));
}

function number(value: number, span: Span): Written {
  return { kind: "scalar", value, span };
}

function text(value: string, span: Span): Written {
  return { kind: "scalar", value, span };
}
