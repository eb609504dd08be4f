import type { Span } from "../model/span.js";

/**
 * YAML data with spans: aliases and merge keys resolved, nothing typed yet. Every node is also a
 * `Written` of the model, so what only `plan` can type is handed on as it is.
 */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  /** By the YAML 1.2 core schema; integers beyond 53 bits are bigints. */
  readonly value: string | number | bigint | boolean | null;
  /** The characters of an unquoted scalar (`0x1F`, `007`); the text of a quoted one. */
  readonly source: string;
  readonly span: Span;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly Node[];
  readonly span: Span;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly EntryNode[];
  readonly span: Span;
}

export interface EntryNode {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Node;
}

/** The value behind a key; undefined where the node is no mapping or has no such key. */
export function entryOf(node: Node, key: string): EntryNode | undefined {
  return node.kind === "map" ? node.entries.find((entry) => entry.key === key) : undefined;
}

/** What was found, for messages: `'80x'`, `80`, `a list`, `nothing`. */
export function describeNode(node: Node): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "a mapping";
  if (node.value === null) return "nothing";
  const shown = node.source.length > 40 ? `${node.source.slice(0, 39)}…` : node.source;
  return typeof node.value === "string" ? `'${shown.replaceAll("\n", "⏎")}'` : shown;
}

/** Where to point when a mapping as a whole is meant: at its first key, not at all of its lines. */
export function headSpan(node: Node): Span {
  if (node.kind === "map" && node.entries[0]) return node.entries[0].keySpan;
  if (node.kind === "list" && node.items[0]) return headSpan(node.items[0]);
  return node.span;
}
