import { nearest } from "../model/nearest.js";
import { ruleFields, ruleOperators, type Condition, type RuleField, type RuleOperator } from "../model/rules.js";
import { tokensOf, type Token } from "./tokens.js";

/** What a condition's names stand for. */
export interface Names {
  /** Undefined where there is no such macro. Reports its own mistakes. */
  macro(name: string): Condition | undefined;
  list(name: string): readonly string[] | undefined;
  readonly known: readonly string[];
}

/** A mistake in a condition's text: where it begins and how long it is. */
export class ConditionError extends Error {
  readonly offset: number;
  readonly length: number;
  readonly hint: string | undefined;

  constructor({ offset, text }: Token, message: string, hint?: string) {
    super(message);
    this.offset = offset;
    this.length = Math.max(text.length, 1);
    this.hint = hint;
  }
}

/** More brackets and `not`s inside each other are no condition that somebody has written. */
const deepest = 100;

/**
 * Reads a condition as Falco writes it: comparisons, macros, `and`, `or`, `not` and brackets; `and` binds closer
 * than `or`. Throws ConditionError.
 */
export function parseCondition(text: string, names: Names): Condition {
  const parser = new Parser(tokensOf(text), names);
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: Names;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], names: Names) {
    this.#tokens = tokens;
    this.#names = names;
  }

  whole(): Condition {
    const condition = this.#joined("or");
    if (this.#next.kind !== "end")
      throw new ConditionError(this.#next, `expected 'and' or 'or', found '${this.#next.text}'`);
    return condition;
  }

  #joined(kind: "and" | "or"): Condition {
    const part = (): Condition => (kind === "or" ? this.#joined("and") : this.#single());
    const parts = [part()];
    while (this.#takes(kind)) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #single(): Condition {
    if (++this.#depth > deepest) throw new ConditionError(this.#next, "brackets too deep inside each other");
    const condition = this.#inner();
    this.#depth--;
    return condition;
  }

  #inner(): Condition {
    if (this.#takes("not")) return { kind: "not", part: this.#single() };
    if (this.#takes("(")) {
      const inside = this.#joined("or");
      this.#expect(")");
      return inside;
    }
    const word = this.#next;
    if (word.kind !== "word" || keywords.includes(word.text))
      throw new ConditionError(word, `expected a field or a macro, found ${describe(word)}`);
    this.#at++;
    const operator = ruleOperators.find((each) => this.#next.kind !== "quoted" && each === this.#next.text);
    if (operator) return this.#comparison(word, operator);
    if (looksLikeField(word.text)) throw this.#missingOperator(word);
    const macro = this.#names.macro(word.text);
    if (macro) return macro;
    const near = nearest(word.text, this.#names.known);
    throw new ConditionError(word, `there is no macro '${word.text}'`, near && `did you mean '${near}'?`);
  }

  #missingOperator(field: Token): ConditionError {
    const found = this.#next;
    const near = nearest(found.text, ruleOperators);
    if (found.kind === "end" || keywords.includes(found.text))
      return new ConditionError(field, `'${field.text}' is compared with nothing`);
    const hint = near ? `did you mean '${near}'?` : `operators: ${ruleOperators.join(", ")}`;
    return new ConditionError(found, `operator '${found.text}' is not supported`, hint);
  }

  #comparison(word: Token, operator: RuleOperator): Condition {
    if (!isRuleField(word.text)) {
      const names = Object.keys(ruleFields);
      const near = nearest(word.text, names);
      const hint = near ? `did you mean '${near}'?` : `fields: ${names.join(", ")}`;
      throw new ConditionError(word, `field '${word.text}' is not supported`, hint);
    }
    this.#at++;
    const compare = (values: readonly string[]): Condition => ({
      kind: "compare",
      field: word.text as RuleField,
      operator,
      values,
    });
    if (operator === "exists") return compare([]);
    if (operator !== "in" && operator !== "pmatch") return compare([this.#value()]);
    this.#expect("(");
    const values: string[] = [];
    while (!this.#takes(")")) {
      const name = this.#next;
      const value = this.#value();
      values.push(...((name.kind === "word" ? this.#names.list(value) : undefined) ?? [value]));
      if (this.#next.text !== ")") this.#expect(",");
    }
    return compare(values);
  }

  #value(): string {
    const token = this.#next;
    if (token.kind !== "word" && token.kind !== "quoted")
      throw new ConditionError(token, `expected a value, found ${describe(token)}`);
    this.#at++;
    return token.value;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #takes(text: string): boolean {
    const found = this.#next.kind !== "quoted" && this.#next.text === text;
    if (found) this.#at++;
    return found;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) throw new ConditionError(this.#next, `expected '${text}', found ${describe(this.#next)}`);
  }
}

const keywords: readonly string[] = ["and", "or", "not"];

function isRuleField(name: string): name is RuleField {
  return Object.hasOwn(ruleFields, name);
}

/** Macros and lists have no dot in their names. */
function looksLikeField(text: string): boolean {
  return text.includes(".");
}

function describe({ kind, text }: Token): string {
  return kind === "end" ? "the end" : `'${text}'`;
}
