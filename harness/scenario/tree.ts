import { type ParsedNode, isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Span } from "../model/span.js";
import type { Lines } from "./lines.js";
import { type EntryNode, type Node, headSpan } from "./node.js";

/** After aliases are followed: a few lines of nested aliases can stand for billions of values. */
const maxNodes = 200_000;

/** Follows aliases and merge keys; values keep the span of the place where they were written. */
export class TreeBuilder {
  readonly #text: string;
  readonly #lines: Lines;
  readonly #report: (span: Span, message: string, hint?: string) => void;
  /** Anchors so far; undefined while the anchored value itself is being read. */
  readonly #anchors = new Map<string, Node | undefined>();
  readonly #sizes = new WeakMap<Node, number>();

  constructor(text: string, lines: Lines, report: (span: Span, message: string, hint?: string) => void) {
    this.#text = text;
    this.#lines = lines;
    this.#report = report;
  }

  build(contents: ParsedNode): Node | undefined {
    const root = this.#node(contents, 0);
    if (this.#sizeOf(root) <= maxNodes) return root;
    this.#report(headSpan(root), `more than ${maxNodes} values, with aliases followed`);
    return undefined;
  }

  #node(parsed: ParsedNode | null, emptyAt: number): Node {
    if (parsed === null) return this.#nothing(this.#lines.span(emptyAt, emptyAt));
    const span = this.#span(parsed);
    if (isAlias(parsed)) return this.#alias(parsed.source, span);
    const { anchor } = parsed;
    if (anchor) this.#anchors.set(anchor, undefined);
    const node = this.#plainNode(parsed, span);
    if (anchor) this.#anchors.set(anchor, node);
    return this.#sized(node);
  }

  #plainNode(parsed: ParsedNode, span: Span): Node {
    if (isSeq<ParsedNode>(parsed)) {
      return { kind: "list", items: parsed.items.map((item) => this.#node(item, span.end.offset)), span };
    }
    if (isMap<ParsedNode, ParsedNode | null>(parsed)) {
      return { kind: "map", entries: this.#entries(parsed.items, span), span };
    }
    if (!isScalar(parsed)) return this.#nothing(span);
    const { value } = parsed;
    const source = typeof value === "string" ? value : this.#text.slice(span.start.offset, span.end.offset);
    if (typeof value === "bigint") {
      const number = Number(value);
      return { kind: "scalar", value: Number.isSafeInteger(number) ? number : value, source, span };
    }
    return { kind: "scalar", value: value as string | number | boolean | null, source, span };
  }

  #entries(pairs: readonly { key: ParsedNode; value: ParsedNode | null }[], mapSpan: Span): EntryNode[] {
    const own = new Map<string, EntryNode>();
    const merged: EntryNode[] = [];
    for (const pair of pairs) {
      const keySpan = pair.key ? this.#span(pair.key) : mapSpan;
      const key = this.#key(pair.key, keySpan);
      const value = this.#node(pair.value, keySpan.end.offset);
      if (key === undefined) continue;
      const first = own.get(key);
      if (key === "<<") merged.push(...this.#merge(value));
      else if (!first) own.set(key, { key, keySpan, value });
      else {
        const { line } = first.keySpan.start;
        this.#report(keySpan, `'${key}' is given twice, first on line ${line}`, "keep one of the two");
      }
    }
    for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
    return [...own.values()];
  }

  #key(parsed: ParsedNode | null, span: Span): string | undefined {
    const node = this.#node(parsed, span.start.offset);
    if (node.kind === "scalar" && node.source !== "") return node.source;
    const hint = 'write "key: value"; a value with braces or brackets of its own needs quotes';
    this.#report(
      span,
      node.kind === "scalar" ? "a key is missing before ':'" : "a list or mapping cannot be a key",
      hint,
    );
    return undefined;
  }

  /** YAML's merge key: `<<: *base` or `<<: [*a, *b]`, where what comes first wins. */
  #merge(value: Node): EntryNode[] {
    const sources = value.kind === "list" ? value.items : [value];
    return sources.flatMap((source) => {
      if (source.kind === "map") return source.entries;
      this.#report(source.span, "'<<' takes a mapping, or a list of mappings, to copy keys from");
      return [];
    });
  }

  #alias(name: string, span: Span): Node {
    const target = this.#anchors.get(name);
    if (target) return target;
    if (this.#anchors.has(name)) this.#report(span, `'*${name}' is inside the value that it stands for`);
    else this.#report(span, `'*${name}' stands for nothing: no '&${name}' before it`);
    return this.#nothing(span);
  }

  #nothing(span: Span): Node {
    return { kind: "scalar", value: null, source: "", span };
  }

  #sized(node: Node): Node {
    const children =
      node.kind === "list" ? node.items : node.kind === "map" ? node.entries.map((entry) => entry.value) : [];
    this.#sizes.set(
      node,
      children.reduce((sum, child) => sum + this.#sizeOf(child), 1),
    );
    return node;
  }

  #sizeOf(node: Node): number {
    return this.#sizes.get(node) ?? 1;
  }

  /** Without the white space that YAML counts as part of block values. */
  #span(parsed: Pick<ParsedNode, "range">): Span {
    const [start, end] = parsed.range;
    return this.#lines.span(start, start + this.#text.slice(start, end).trimEnd().length);
  }
}
