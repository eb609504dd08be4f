import { HarnessError } from "../model/error.js";
import { observerNames, type ExpectableObserver } from "../model/observer.js";
import type { PlannedObserving } from "../model/plan.js";
import type { RuleSet } from "../model/rules.js";
import type { Located, Observing } from "../model/scenario.js";
import { parseRules } from "../rules/parse.js";
import type { OpenCapture } from "./capture.js";
import { wrong, type PlanContext } from "./context.js";

/** Observers, each once, and the rule files read. Throws HarnessError with all mistakes of a rule file. */
export async function planObserving(observing: readonly Observing[], openFile: OpenCapture): Promise<PlannedObserving> {
  const observers = observerNames.filter((name) => observing.some(({ observer }) => observer === name));
  const paths = new Map(observing.flatMap(({ rules }) => (rules ? [[rules.value, rules] as const] : [])));
  const rules: RuleSet[] = [];
  for (const path of paths.values()) rules.push(await readRules(path, openFile));
  return { observers, rules };
}

async function readRules({ value: path, span }: Located<string>, openFile: OpenCapture): Promise<RuleSet> {
  const input = await openFile(path, span);
  const decoder = new TextDecoder();
  let text = "";
  if (input instanceof Uint8Array) text = decoder.decode(input);
  else for await (const chunk of input) text += decoder.decode(chunk, { stream: true });
  const folder = span.file.includes("/") ? span.file.replace(/[^/]*$/, "") : "";
  const { rules, diagnostics } = parseRules(text, `${folder}${path}`);
  const [first, ...rest] = diagnostics;
  if (first) throw new HarnessError([first, ...rest]);
  return rules!;
}

/** Events are expected only of who watches. */
export function checkObserved(context: PlanContext, { value, span }: Located<ExpectableObserver>): void {
  if (context.observers.includes(value)) return;
  wrong(context, span, `'${value}' is expected to see something but does not watch`, `add it: observe: [${value}]`);
}
