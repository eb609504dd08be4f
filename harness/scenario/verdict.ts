import { type ProgramType, hooks, verdictName, verdictsOf } from "../model/hook.js";
import { nearest } from "../model/nearest.js";
import { type Decoder, listOrOne, mistyped } from "./decoder.js";
import type { World } from "./world.js";

/** Verdicts that are right: names as the kernel has them, numbers where it has none. */
export function verdicts({ programType, hook }: World): Decoder<readonly string[]> {
  const names = Object.keys(programType ? verdictsOf(programType) : {});
  const verdict: Decoder<string> = {
    decode(node, report) {
      if (node.kind !== "scalar" || node.value === null)
        return mistyped(node, "a verdict", report, names.slice(0, 5).join(", "));
      if (typeof node.value === "number" && Number.isInteger(node.value)) {
        return programType ? verdictName(programType, node.value) : node.source;
      }
      if (programType === undefined || names.includes(node.source)) return node.source;
      if (names.length === 0) {
        return report(node.span, `a ${hook} program's verdict is a number, not '${node.source}'`);
      }
      const near = nearestVerdict(node.source, names);
      const hint = near ? `did you mean '${near}'?` : `one of: ${names.join(", ")}, or a number`;
      return report(node.span, `'${node.source}' is not a verdict of ${hook} programs`, hint);
    },
    schema: () => ({ anyOf: [{ enum: allVerdicts() }, { type: "integer" }] }),
  };
  return listOrOne(verdict);
}

/** Also finds `XDP_DROP` from `drop`. */
function nearestVerdict(word: string, names: readonly string[]): string | undefined {
  const upper = word.toUpperCase();
  return names.find((name) => name.endsWith(`_${upper}`)) ?? nearest(word, names);
}

function allVerdicts(): string[] {
  const types = new Set<ProgramType>(Object.values(hooks));
  return [...new Set([...types].flatMap((type) => Object.keys(verdictsOf(type))))];
}
