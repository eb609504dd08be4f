import { Composer, Parser, type YAMLError } from "yaml";
import type { Diagnostic } from "../model/error.js";
import type { Span } from "../model/span.js";
import { Lines } from "./lines.js";
import type { Node } from "./node.js";
import { inspectTokens } from "./tokens.js";
import { TreeBuilder } from "./tree.js";
import { explainYamlError } from "./yaml-errors.js";

/** Scenario files are written by hand; packets in bulk belong into capture files. */
const maxCharacters = 1 << 20;
const maxDepth = 100;

interface YamlTrees {
  readonly roots: readonly Node[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A text's only YAML document as a tree of nodes with spans. `root` is undefined where the text is
 * not one well-formed document; then there is at least one diagnostic. Never throws.
 */
export function readYaml(text: string, file: string): { root: Node | undefined; diagnostics: readonly Diagnostic[] } {
  const { roots, diagnostics } = readTrees(text, file, "one");
  return { root: roots[0], diagnostics };
}

/** As many documents as there are, as `---` divides them; with any mistake in one of them, there are none. Never throws. */
export function readYamlDocuments(text: string, file: string): YamlTrees {
  return readTrees(text, file, "many");
}

function readTrees(text: string, file: string, count: "one" | "many"): YamlTrees {
  const lines = new Lines(text, file);
  const diagnostics: Diagnostic[] = [];
  const report = (span: Span, message: string, hint?: string): void => {
    diagnostics.push({ code: "scenario", message, span, ...(hint && { hint }) });
  };
  const whole = lines.span(0, text.search(/\r?\n|$/));
  const refuse = (message: string, hint?: string) => {
    report(whole, message, hint);
    return { roots: [], diagnostics };
  };

  if (text.length > maxCharacters) {
    return refuse(
      `the file has ${text.length} characters; a scenario may have ${maxCharacters}`,
      "put many packets into a capture and send it with `pcap:`",
    );
  }
  const tokens = [...new Parser().parse(text)];
  const { depth, unclosed } = inspectTokens(tokens);
  if (depth > maxDepth) return refuse(`lists and mappings inside each other more than ${maxDepth} deep`);
  const options = { intAsBigInt: true, uniqueKeys: false } as const;
  const documents = [...new Composer(options).compose(tokens, true, text.length)];
  const read = count === "one" ? documents.slice(0, 1) : documents;
  const problems = read.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  for (const error of firstOfEachLine(problems, lines)) {
    const { message, hint, start, end } = explainYamlError(error, text, unclosed);
    report(lines.span(start, end), message, hint);
  }
  const [, second] = documents;
  if (second && count === "one") {
    const start = Math.max(text.indexOf("---", second.range[0]), second.range[0]);
    report(lines.span(start, start + 3), "a second document starts here", "one file holds one scenario");
  }
  // A document without contents is what stands before the first `---`, or behind the last.
  const contents = read.flatMap((document) => document.contents ?? []);
  if (diagnostics.length === 0 && contents.length === 0) {
    return refuse(
      "the file is empty",
      count === "one" ? "a scenario starts with `name:`, `program:` and `hook:`" : undefined,
    );
  }
  if (diagnostics.length > 0) return { roots: [], diagnostics };
  const roots = contents.flatMap((each) => new TreeBuilder(text, lines, report).build(each) ?? []);
  return { roots: diagnostics.length > 0 ? [] : roots, diagnostics };
}

/** One slip often breaks the rest of its line; what the parser says of that is noise. */
function firstOfEachLine(errors: readonly YAMLError[], lines: Lines): YAMLError[] {
  const byLine = new Map<number, YAMLError>();
  for (const error of errors) {
    const { line } = lines.span(...error.pos).start;
    if (!byLine.has(line)) byLine.set(line, error);
  }
  return [...byLine.values()];
}
