import { nearest } from "../model/nearest.js";
import type { Span } from "../model/span.js";
import { type Invalid, type Report, invalid, mistyped } from "./decoder.js";
import { type EntryNode, type MapNode, type Node, type ScalarNode, entryOf } from "./node.js";

const maxCases = 1000;

/** One case of a matrix: variables and what they stand for. */
type Row = ReadonlyMap<string, Node>;

/** A case with its variables replaced, and what they were, for its name. */
export interface ExpandedCase {
  readonly node: MapNode;
  /** ` [vlan=10, proto=udp]`; empty without a matrix. */
  readonly suffix: string;
}

/**
 * A case as often as its `matrix:` says, variables (`$x`, `${x}`) replaced. A scalar that is nothing
 * but a variable becomes the variable's value, with its type and its place; inside a longer text the
 * value's text is put in. `$$` stands for a dollar sign.
 */
export function expandMatrix(node: MapNode, report: Report): readonly ExpandedCase[] | Invalid {
  const matrix = entryOf(node, "matrix");
  const rows = matrix ? rowsOf(matrix.value, report) : [new Map<string, Node>()];
  if (rows === invalid) return invalid;
  const rest = { ...node, entries: node.entries.filter((entry) => entry !== matrix) };
  const expanded = rows.map((row) => {
    const substituted = new Substitution(row, report).node(rest);
    return substituted === invalid ? invalid : { node: substituted as MapNode, suffix: suffixOf(row) };
  });
  return expanded.includes(invalid) ? invalid : (expanded as ExpandedCase[]);
}

/** A mapping of lists is multiplied out; a list of mappings is a table, one case a row. */
function rowsOf(matrix: Node, report: Report): readonly Row[] | Invalid {
  const example = "for example: matrix: {vlan: [10, 20]}";
  if (matrix.kind === "scalar") return mistyped(matrix, "lists of values by variable name", report, example);
  const rows = matrix.kind === "map" ? productOf(matrix, report) : tableOf(matrix.items, report);
  if (rows === invalid) return invalid;
  if (rows.length === 0) return report(matrix.span, "this matrix makes no cases", example);
  return rows;
}

function tableOf(items: readonly Node[], report: Report): readonly Row[] | Invalid {
  if (items.length > maxCases) return report(items[maxCases]!.span, `a matrix makes at most ${maxCases} cases`);
  const rows = items.map((item) => {
    if (item.kind !== "map")
      return mistyped(item, "a row of variables", report, "for example: {port: 80, verdict: XDP_DROP}");
    return checkNames(item.entries, report) ? new Map(item.entries.map(({ key, value }) => [key, value])) : invalid;
  });
  return rows.includes(invalid) ? invalid : (rows as Row[]);
}

function productOf(matrix: MapNode, report: Report): readonly Row[] | Invalid {
  if (!checkNames(matrix.entries, report)) return invalid;
  let rows: Row[] = [new Map()];
  for (const { key, keySpan, value } of matrix.entries) {
    if (value.kind !== "list" || value.items.length === 0) {
      return mistyped(value, "a list of values", report, `for example: ${key}: [1, 2]`);
    }
    if (rows.length * value.items.length > maxCases) return report(keySpan, `a matrix makes at most ${maxCases} cases`);
    rows = rows.flatMap((row) => value.items.map((item) => new Map([...row, [key, item]])));
  }
  return matrix.entries.length === 0 ? [] : rows;
}

function checkNames(entries: readonly EntryNode[], report: Report): boolean {
  const wrong = entries.filter(({ key }) => !/^[A-Za-z_]\w*$/.test(key));
  for (const { key, keySpan } of wrong) {
    report(keySpan, `'${key}' cannot be the name of a variable`, "use letters, digits and '_'");
  }
  return wrong.length === 0;
}

function suffixOf(row: Row): string {
  if (row.size === 0) return "";
  return ` [${[...row].map(([name, value]) => `${name}=${shown(value)}`).join(", ")}]`;
}

function shown(node: Node): string {
  if (node.kind === "scalar") return node.value === null ? "none" : node.source;
  if (node.kind === "list") return `[${node.items.map(shown).join(" ")}]`;
  return `{${node.entries.map(({ key, value }) => `${key}: ${shown(value)}`).join(", ")}}`;
}

/** `$$`, `$name` or `${name}`. Any other `$` is only a dollar sign. */
const variable = /\$(?:\$|([A-Za-z_]\w*)|\{([^}]*)\})/g;

class Substitution {
  readonly #row: Row;
  readonly #report: Report;

  constructor(row: Row, report: Report) {
    this.#row = row;
    this.#report = report;
  }

  node(node: Node): Node | Invalid {
    if (node.kind === "scalar") return this.#scalar(node);
    if (node.kind === "list") {
      const items = node.items.map((item) => this.node(item));
      return items.includes(invalid) ? invalid : { ...node, items: items as Node[] };
    }
    const entries = node.entries.map((entry) => this.#entry(entry));
    return entries.includes(invalid) ? invalid : { ...node, entries: entries as EntryNode[] };
  }

  #entry(entry: EntryNode): EntryNode | Invalid {
    const key = this.#text(entry.key, entry.keySpan);
    const value = this.node(entry.value);
    return key === invalid || value === invalid ? invalid : { ...entry, key, value };
  }

  #scalar(node: ScalarNode): Node | Invalid {
    if (typeof node.value !== "string" || !node.value.includes("$")) return node;
    const [, bare, braced] = /^\$(?:([A-Za-z_]\w*)|\{([^}]*)\})$/.exec(node.value) ?? [];
    const name = bare ?? braced;
    if (name !== undefined) return this.#lookUp(name, node.span);
    const text = this.#text(node.value, node.span);
    return text === invalid ? invalid : { ...node, value: text, source: text };
  }

  #text(text: string, span: Span): string | Invalid {
    let valid = true;
    const replaced = text.replace(variable, (whole, bare: string | undefined, braced: string | undefined) => {
      if (whole === "$$") return "$";
      const value = this.#lookUp(bare ?? braced ?? "", span);
      if (value !== invalid && value.kind === "scalar") return value.source;
      if (value !== invalid)
        this.#report(
          span,
          `'${whole}' is ${value.kind === "list" ? "a list" : "a mapping"}, which cannot be part of a text`,
        );
      valid = false;
      return "";
    });
    return valid ? replaced : invalid;
  }

  #lookUp(name: string, span: Span): Node | Invalid {
    const value = this.#row.get(name);
    if (value) return value;
    const names = [...this.#row.keys()];
    const near = nearest(name, names);
    const known =
      names.length > 0
        ? `known here: ${names.map((each) => `$${each}`).join(", ")}`
        : "declare it under the case's 'matrix:'";
    return this.#report(
      span,
      `no variable '$${name}' in this case's matrix`,
      `${near ? `did you mean '$${near}'?` : known} (a plain dollar sign is written $$)`,
    );
  }
}
