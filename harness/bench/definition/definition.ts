import { HarnessError, type Diagnostic } from "../../model/error.js";
import { type Decoder, type Invalid, type Report, invalid } from "../../scenario/decoder.js";
import { type Node, entryOf, headSpan } from "../../scenario/node.js";
import { object, optional, required } from "../../scenario/object.js";
import { readYaml } from "../../scenario/read-yaml.js";
import { oneOf, text, word } from "../../scenario/scalars.js";
import type { Measure } from "../context.js";
import { measureScenario } from "../programs/programs.js";
import { kinds, type KindName } from "./kinds.js";

/** A benchmark as a file describes it. */
export interface Definition {
  readonly title: string;
  readonly measure: Measure;
}

const kindName: Decoder<KindName> = oneOf(
  "a benchmark",
  Object.fromEntries(Object.entries(kinds).map(([name, { words }]) => [name, words])) as Record<KindName, string>,
);

/**
 * A benchmark file's text. Its keys are those that all benchmarks have, and those of what `benchmark` names.
 *
 * @throws HarnessError with everything that is wrong, each with its place.
 */
export function parseDefinition(text_: string, file: string): Definition {
  const { root, diagnostics } = readYaml(text_, file);
  const found: Diagnostic[] = [...diagnostics];
  const report: Report = (span, message, hint) => {
    found.push({ code: "scenario", message, span, ...(hint && { hint }) });
    return invalid;
  };
  const decoded = root && decode(root, report);
  const [first, ...rest] = found.toSorted((a, b) => offsetOf(a) - offsetOf(b));
  if (first) throw new HarnessError([first, ...rest]);
  if (!decoded || decoded === invalid) throw new Error(`${file}: no definition and no diagnostic`);
  return decoded;
}

function offsetOf({ span }: Diagnostic): number {
  return span?.start.offset ?? 0;
}

function decode(root: Node, report: Report): Definition | Invalid {
  if (entryOf(root, "cases")) return ofScenario(root);
  const written = entryOf(root, "benchmark");
  if (!written)
    return report(headSpan(root), "the benchmark needs 'benchmark'", `one of: ${Object.keys(kinds).join(", ")}`);
  const name = kindName.decode(written.value, report);
  if (name === invalid) return invalid;
  const { fields, plan } = kinds[name];
  const found = object("the benchmark", { ...common, ...fields }).decode(root, report);
  return found === invalid
    ? invalid
    : {
        title: found.name, // Decoded by the very fields that `kind` checked `plan` against.
        measure: plan(found as never),
      };
}

/** A scenario is a benchmark, too: what its cases cost. */
function ofScenario(root: Node): Definition {
  const name = entryOf(root, "name")?.value;
  const title = name?.kind === "scalar" ? name.source : "a scenario";
  return { title, measure: measureScenario };
}

const common = {
  name: required(word("a name"), "what is compared, as a sentence", "two ways to count"),
  description: optional(text(), "more about it, for readers"),
  benchmark: required(kindName, "what kind of benchmark it is", "programs"),
};
