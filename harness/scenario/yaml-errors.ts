import type { YAMLError } from "yaml";
import type { Unclosed } from "./tokens.js";

/** What is wrong with the YAML itself, without the vocabulary of its specification. */
export interface YamlProblem {
  readonly message: string;
  readonly hint?: string;
}

/**
 * Our words for an error of the `yaml` package, and the stretch of `text` that is meant. What is
 * opened and never closed is shown where it is opened, not where the parser gave up.
 */
export function explainYamlError(
  error: YAMLError,
  text: string,
  unclosed: readonly Unclosed[],
): YamlProblem & { readonly start: number; readonly end: number } {
  const [start, end] = error.pos;
  if (text.startsWith("${", start - 1)) return { ...braceAfterDollar, start: start - 1, end: start + 1 };
  const before = unclosed.filter(({ offset }) => offset <= start).at(-1);
  if (before && structural.has(error.code)) {
    const { offset, opener } = before;
    return { ...explainUnclosed(opener), start: offset, end: offset + opener.length };
  }
  const blanks = error.code === "TAB_AS_INDENT" ? 0 : text.slice(start).search(/[^ ]|$/);
  return { ...explain(error, text), start: start + blanks, end: Math.max(end, start + blanks + 1) };
}

/** Errors that something left open can lead to. */
const structural: ReadonlySet<string> = new Set([
  "BAD_INDENT",
  "MISSING_CHAR",
  "BLOCK_IN_FLOW",
  "BLOCK_AS_IMPLICIT_KEY",
  "MULTILINE_IMPLICIT_KEY",
  "UNEXPECTED_TOKEN",
]);

const braceAfterDollar: YamlProblem = {
  message: "'${' inside braces or brackets needs quotes",
  hint: 'write "${name}", or $name',
};

const misindented: YamlProblem = {
  message: "this line's indentation fits nothing above it",
  hint: "line it up with the key or item that it belongs beside",
};

function explainUnclosed(opener: string): YamlProblem {
  if (opener === '"' || opener === "'") return { message: `this ${opener} is not closed` };
  const close = opener === "[" ? "]" : "}";
  return {
    message: `this '${opener}' is not closed`,
    hint: `end it with '${close}'; its lines have to be indented more than its key`,
  };
}

function explain(error: YAMLError, text: string): YamlProblem {
  const character = text.slice(error.pos[0], error.pos[0] + 1);
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { message: "a tab at the start of the line", hint: "indent with spaces: YAML does not allow tabs there" };
    case "BLOCK_AS_IMPLICIT_KEY":
      if (/\s/.test(character)) return misindented;
      return {
        message: "a second 'key: value' inside a value",
        hint: 'indent it as the other keys are, or put quotes around a text that holds ": "',
      };
    case "MULTILINE_IMPLICIT_KEY":
      return { message: "a key has to be on one line and end with ':'" };
    case "BAD_SCALAR_START":
      return { message: `a value cannot start with '${character}'`, hint: "put quotes around it" };
    case "BAD_DQ_ESCAPE":
      return {
        message: `'${text.slice(error.pos[0], error.pos[0] + 2)}' means nothing between double quotes`,
        hint: "use single quotes, between which a backslash is only a backslash",
      };
    case "TAG_RESOLVE_FAILED":
      return { message: `the tag '${text.slice(...error.pos)}' means nothing here`, hint: "remove it" };
    case "BAD_DIRECTIVE":
      return { message: "a line that starts with '%' means nothing here", hint: "remove it" };
    case "KEY_OVER_1024_CHARS":
      return { message: "a key longer than 1024 characters" };
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_TAGS":
      return { message: "two anchors or two tags on one value" };
    case "ALIAS_PROPS":
      return { message: "an alias ('*name') cannot have an anchor or a tag of its own" };
    case "BAD_ALIAS":
      return { message: "this anchor or alias has no usable name" };
    case "BAD_INDENT":
    case "MISSING_CHAR":
    case "BLOCK_IN_FLOW":
    case "UNEXPECTED_TOKEN":
      return explainStructure(error, text);
    default:
      return { message: `not YAML: ${error.message}` };
  }
}

function explainStructure(error: YAMLError, text: string): YamlProblem {
  const { message } = error;
  if (message.startsWith("Implicit map keys need to be followed by map values")) {
    return { message: "a key without ':' behind it", hint: "write 'key: value', or '- value' for an item of a list" };
  }
  if (message.startsWith("Sequence item without")) {
    return {
      message: "neither a new item nor a part of the one above",
      hint: "start an item with '- ', or line this up with the item's first key",
    };
  }
  if (message.startsWith("Unexpected block-seq-ind on same line")) {
    return {
      message: "a list cannot start on the line of its key",
      hint: "put '- …' on a line of its own, or write [a, b]",
    };
  }
  if (message.startsWith("Block scalar header")) {
    return { message: "text behind '|' or '>'", hint: "start the text on the next line" };
  }
  if (error.code === "BAD_INDENT") return misindented;
  const shown = text.slice(error.pos[0], error.pos[1]).trim().slice(0, 20);
  return {
    message: shown ? `'${shown}' does not belong here` : "something is missing here",
    hint: "check the indentation, brackets and quotes just above",
  };
}
