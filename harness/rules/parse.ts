import type { Diagnostic } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import { priorities, ruleFields, type Condition, type Priority, type Rule, type RuleSet } from "../model/rules.js";
import type { Span } from "../model/span.js";
import { type Decoder, type Report, invalid, list, located, mistyped, refined } from "../scenario/decoder.js";
import { Lines } from "../scenario/lines.js";
import { type MapNode, type Node, entryOf, headSpan } from "../scenario/node.js";
import { object, optional, required } from "../scenario/object.js";
import { readYaml } from "../scenario/read-yaml.js";
import { boolean, text, word } from "../scenario/scalars.js";
import { ConditionError, parseCondition, type Names } from "./condition.js";

const condition: Decoder<Span> = refined(text("a condition"), (_, { span }) => span);

const priority = refined(word("a priority"), (written, node, report): Priority | typeof invalid => {
  const upper = written.toUpperCase();
  const found = priorities.find((each) => each === upper || (each === "INFORMATIONAL" && upper === "INFO"));
  return found ?? report(node.span, `'${written}' is not a priority`, `one of: ${priorities.join(", ")}`);
});

/** `%proc.name` has to be a field. */
const output = refined(text("an output line"), (line, node, report) => {
  for (const [, name] of line.matchAll(/%([a-z][a-z0-9_.]*[a-z0-9_])/g)) {
    if (Object.hasOwn(ruleFields, name!)) continue;
    const near = nearest(name!, Object.keys(ruleFields));
    return report(
      node.span,
      `the output names a field '${name}' that is not supported`,
      near && `did you mean '${near}'?`,
    );
  }
  return line;
});

const listItem = object("a list", {
  list: required(word("a name"), "the list's name"),
  items: required(list(located(text())), "its items; names of lists stand for their items"),
});

const macroItem = object("a macro", {
  macro: required(word("a name"), "the macro's name"),
  condition: required(condition, "what it stands for"),
});

const ruleItem = object("a rule", {
  rule: required(word("a name"), "the rule's name"),
  desc: optional(text(), "what it is about"),
  condition: required(condition, "when it is tripped"),
  output: required(output, "the line to print, %field for a field's value"),
  priority: required(priority, "how bad it is"),
  enabled: optional(boolean, "false: as if it were not there"),
  tags: optional(list(text()), "words to find it by"),
});

/**
 * A Falco rule file (falco.org/docs/rules): lists, macros and rules, each defined before it is used. Whatever is not
 * supported is reported with its place, never left out. Never throws.
 */
export function parseRules(
  source: string,
  file: string,
): { readonly rules: RuleSet | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const { root, diagnostics } = readYaml(source, file);
  const found: Diagnostic[] = [...diagnostics];
  const report: Report = (span, message, hint) => {
    found.push({ code: "scenario", message, span, ...(hint && { hint }) });
    return invalid;
  };
  const rules = root ? new RuleReader(source, file, report).read(root) : [];
  return { rules: found.length > 0 ? undefined : { file, rules }, diagnostics: found };
}

class RuleReader implements Names {
  readonly #source: string;
  readonly #lines: Lines;
  readonly #report: Report;
  readonly #lists = new Map<string, readonly string[]>();
  readonly #macros = new Map<string, Condition>();

  constructor(source: string, file: string, report: Report) {
    this.#source = source;
    this.#lines = new Lines(source, file);
    this.#report = report;
  }

  read(root: Node): readonly Rule[] {
    if (root.kind !== "list") {
      mistyped(root, "a list of rules, macros and lists", this.#report, "start each with '- rule: …'");
      return [];
    }
    return root.items.flatMap((item) => (item.kind === "map" ? this.#item(item) : this.#notAnItem(item)));
  }

  macro(name: string): Condition | undefined {
    return this.#macros.get(name);
  }

  list(name: string): readonly string[] | undefined {
    return this.#lists.get(name);
  }

  get known(): readonly string[] {
    return [...this.#macros.keys()];
  }

  #notAnItem(item: Node): readonly Rule[] {
    this.#report(headSpan(item), "expected a rule, a macro or a list", "start it with '- rule: …'");
    return [];
  }

  #item(item: MapNode): readonly Rule[] {
    if (entryOf(item, "list")) {
      const found = listItem.decode(item, this.#report);
      if (found !== invalid)
        this.#lists.set(
          found.list,
          found.items.flatMap(({ value }) => this.list(value) ?? [value]),
        );
      return [];
    }
    if (entryOf(item, "macro")) {
      const found = macroItem.decode(item, this.#report);
      const parsed = found === invalid ? undefined : this.#condition(found.condition);
      // After a mistake its users have none of their own.
      const name = entryOf(item, "macro")!.value;
      if (name.kind === "scalar") this.#macros.set(name.source, parsed ?? { kind: "or", parts: [] });
      return [];
    }
    if (!entryOf(item, "rule")) return this.#notAnItem(item);
    const found = ruleItem.decode(item, this.#report);
    if (found === invalid) return [];
    const parsed = this.#condition(found.condition);
    if (!parsed || found.enabled === false) return [];
    const { rule: name, priority: level, output: line } = found;
    return [{ name, output: line.trim(), priority: level, condition: parsed, span: headSpan(item) }];
  }

  /** Read from the file's own text, which a folded value's offsets would not lead back to. */
  #condition(span: Span): Condition | undefined {
    const start = span.start.offset;
    const written = this.#source.slice(start, span.end.offset);
    // The header of a block (`>`, `|-`), or the quotes around a value, become blanks.
    const plain = written
      .replace(/^[>|][^\n]*/, blank)
      .replace(/^"[^]*"$|^'[^]*'$/, (quoted) => ` ${quoted.slice(1, -1)} `);
    try {
      return parseCondition(plain, this);
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      const at = start + error.offset;
      this.#report(this.#lines.span(at, at + error.length), error.message, error.hint);
      return undefined;
    }
  }
}

function blank(text: string): string {
  return " ".repeat(text.length);
}
