import { joinBytes } from "../join-bytes.js";
import { scapyError } from "./fault.js";
import { readPythonString } from "./python-bytes.js";

/** A layer as written: `IP(dst="10.0.0.1", ttl=3)`. `at` counts characters from 0. */
export interface Call {
  readonly name: string;
  readonly at: number;
  readonly arguments: readonly Argument[];
}

export interface Argument {
  /** Undefined for a value without name in front. */
  readonly name: string | undefined;
  readonly at: number;
  readonly value: Value;
}

export type Value = { readonly at: number } & (
  | { readonly kind: "number"; readonly value: number }
  /** `b"…"`, or (as UTF-8) `"…"`. */
  | { readonly kind: "bytes"; readonly value: Uint8Array; readonly isText: boolean }
  /** A list or a tuple. */
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "none" }
  /** Layers with slashes between them, as in DNS(qd=DNSQR(…)). */
  | { readonly kind: "stack"; readonly layers: readonly Call[] }
);

const maxDepth = 20;
const maxRepeatedBytes = 65_535;

/** The layers of `Ether()/IP()/…`: the part of Python's syntax that Scapy packets are written in. Nothing is evaluated. */
export function parseScapy(text: string): readonly Call[] {
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): readonly Call[] {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) {
      throw scapyError(this.#at, `expected '/' or the end, found '${this.#text[this.#at]!}'`);
    }
    return layersOf(value);
  }

  /** `primary / primary / …`; a string between slashes is a Raw layer. */
  #value(): Value {
    if (++this.#depth > maxDepth) throw scapyError(this.#at, `more than ${maxDepth} levels of brackets`);
    const first = this.#repeated();
    if (!this.#accept("/")) {
      this.#depth--;
      return first;
    }
    const layers = [...layersOf(first)];
    do layers.push(...layersOf(this.#repeated()));
    while (this.#accept("/"));
    this.#depth--;
    return { kind: "stack", layers, at: first.at };
  }

  /** `b"\x00" * 20`. */
  #repeated(): Value {
    const value = this.#primary();
    if (!this.#accept("*")) return value;
    const times = this.#primary();
    if (value.kind !== "bytes" || times.kind !== "number") {
      throw scapyError(value.at, "only a string can be multiplied, and only by a number");
    }
    if (times.value < 0 || times.value * value.value.length > maxRepeatedBytes) {
      throw scapyError(times.at, `${times.value} times ${value.value.length} bytes is more than ${maxRepeatedBytes}`);
    }
    return { ...value, value: joinBytes(Array.from({ length: times.value }, () => value.value)) };
  }

  #primary(): Value {
    this.#space();
    const at = this.#at;
    const next = this.#text[at];
    if (next === undefined) throw scapyError(at, "the text ends where a value is expected");
    if (next === "[" || next === "(") return this.#list(next === "[" ? "]" : ")");
    if (/[-\d]/.test(next)) return this.#number();
    const string = /^([bBrRuU]{0,2})(["'])/.exec(this.#text.slice(at, at + 3));
    if (string) {
      const { value, endAt } = readPythonString(this.#text, at);
      this.#at = endAt;
      return { kind: "bytes", value, isText: !/b/i.test(string[1]!), at };
    }
    if (/[A-Za-z_]/.test(next)) return this.#name();
    throw scapyError(at, `expected a layer or a value, found '${next}'`);
  }

  #number(): Value {
    const at = this.#at;
    const match = /^-?(0x[\da-f_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*)(?![\w.])/i.exec(this.#text.slice(at));
    if (!match) throw scapyError(at, `'${/^-?[\w.]*/.exec(this.#text.slice(at))![0]}' is not a whole number`);
    this.#at += match[0].length;
    const magnitude = Number(match[1]!.replaceAll("_", ""));
    return { kind: "number", value: match[0].startsWith("-") ? -magnitude : magnitude, at };
  }

  #list(close: string): Value {
    const at = this.#at++;
    const items: Value[] = [];
    let isTuple = close === "]";
    while (!this.#accept(close)) {
      items.push(this.#value());
      if (this.#accept(",")) isTuple = true;
      else this.#expectNext(close, at);
    }
    // (x) is x in brackets, (x,) is a tuple.
    return isTuple || items.length !== 1 ? { kind: "list", items, at } : items[0]!;
  }

  /** A word that stands for a value, or a layer with its arguments. */
  #name(): Value {
    const at = this.#at;
    const name = /^\w+/.exec(this.#text.slice(at))![0];
    this.#at += name.length;
    if (name === "None") return { kind: "none", at };
    if (name === "True" || name === "False") return { kind: "number", value: name === "True" ? 1 : 0, at };
    if (!this.#accept("(")) {
      throw scapyError(at, `'${name}' is no value`, `a layer is written with brackets: ${name}()`);
    }
    const given: Argument[] = [];
    while (!this.#accept(")")) {
      given.push(this.#argument());
      if (!this.#accept(",")) this.#expectNext(")", at);
    }
    return { kind: "stack", layers: [{ name, at, arguments: given }], at };
  }

  #argument(): Argument {
    this.#space();
    const at = this.#at;
    const named = /^([A-Za-z_]\w*)\s*=(?!=)/.exec(this.#text.slice(at));
    if (named) this.#at += named[0].length;
    return { name: named?.[1], at, value: this.#value() };
  }

  #accept(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expectNext(close: string, openedAt: number): void {
    this.#space();
    const found = this.#text[this.#at];
    if (found === close) return;
    const what = found === undefined ? "the text ends" : `found '${found}'`;
    throw scapyError(this.#at, `expected ',' or '${close}' (for the bracket in column ${openedAt + 1}), but ${what}`);
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }
}

function layersOf(value: Value): readonly Call[] {
  if (value.kind === "stack") return value.layers;
  if (value.kind === "bytes")
    return [{ name: "Raw", at: value.at, arguments: [{ name: "load", at: value.at, value }] }];
  throw scapyError(value.at, "this is no layer", 'layers are written as in Ether()/IP(dst="10.0.0.1")/b"payload"');
}
