import type { Diagnostic } from "../model/error.js";
import type { Scenario } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { type Report, invalid } from "./decoder.js";
import { type Node, entryOf } from "./node.js";
import { readYaml } from "./read-yaml.js";
import { scenarioSyntax, worldOf } from "./syntax.js";

/**
 * A scenario file's text as a `Scenario`, matrices multiplied out. All mistakes are reported at
 * once, in the order of the text; with any, `scenario` is undefined. `file` is only for spans.
 * Never throws.
 */
export function parseScenario(
  text: string,
  file: string,
): { scenario: Scenario | undefined; diagnostics: readonly Diagnostic[] } {
  const { root, diagnostics } = readYaml(text, file);
  if (!root) return { scenario: undefined, diagnostics: inOrder(diagnostics) };
  const found = new Findings();
  const scenario = decode(root, file, found.report);
  const all = inOrder(found.diagnostics());
  return { scenario: all.length > 0 ? undefined : scenario, diagnostics: all };
}

function decode(root: Node, file: string, report: Report): Scenario | undefined {
  const world = worldOf(root);
  const load = entryOf(root, "load")?.value;
  const refused = load !== undefined && entryOf(load, "fails") !== undefined;
  const found = scenarioSyntax(world, refused).decode(root, report);
  if (found === invalid) return undefined;
  return {
    file,
    name: found.name,
    description: found.description,
    program: found.program,
    entry: found.entry,
    hook: found.hook,
    globals: found.globals,
    maps: found.maps,
    policies: found.policies,
    pins: Object.fromEntries(found.pins.map(({ key, decoded }) => [key, decoded])),
    load: { fails: found.load?.fails },
    attach: found.attach,
    objects: found.objects.map((each) => ({ ...each, program: each.program ?? found.program })),
    topology: found.topology,
    services: found.services,
    observe: found.observe,
    backends: found.backends,
    cases: found.cases,
  };
}

/** The cases of one matrix share their text, and so their mistakes: each is kept once. */
class Findings {
  readonly #byPlace = new Map<string, Diagnostic>();

  readonly report: Report = (span, message, hint) => {
    const key = `${span.start.offset} ${span.end.offset} ${message}`;
    if (!this.#byPlace.has(key)) this.#byPlace.set(key, { code: "scenario", message, span, ...(hint && { hint }) });
    return invalid;
  };

  diagnostics(): readonly Diagnostic[] {
    return [...this.#byPlace.values()];
  }
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const offset = (span: Span | undefined) => span?.start.offset ?? 0;
  return [...diagnostics].sort((a, b) => offset(a.span) - offset(b.span));
}
