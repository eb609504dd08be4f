import fc from "fast-check";
import { constantsOf } from "./constants.js";
import { DraftArbitrary, inputOf, type Draft, type InputSource } from "./draft.js";
import type { Input } from "./input.js";
import type { Violation } from "./property.js";
import { anyPacket, describedPacket } from "./packet-source.js";
import type { Plan, PlannedProperty } from "../model/plan.js";

/** Looks at one input; undefined where all is as it has to be. */
export type Examine = (input: Input) => Violation | undefined;

export interface Checked {
  readonly runs: number;
  /** The simplest input that was found, and what it violates. */
  readonly found: { readonly input: Input; readonly violation: Violation; readonly shrinks: number } | undefined;
}

/** What a property step's inputs are drawn from. */
export function sourceOf(plan: Plan, step: PlannedProperty): InputSource {
  const constants = constantsOf(plan.object, plan.maps, plan.globals);
  const { generate, packets, update, clockNs, span } = step;
  return {
    packets: generate ? describedPacket(withEthernet(generate, plan), constants) : anyPacket(constants),
    packetCount: packets,
    update,
    setUp: plan.maps,
    clockNs,
    constants,
    span,
  };
}

/** Frames begin with an Ethernet header, whether a scenario says so or not. */
function withEthernet(layers: NonNullable<PlannedProperty["generate"]>, { span }: Plan): typeof layers {
  if (layers[0]?.protocol === "eth") return layers;
  return [{ protocol: "eth", fields: {}, vary: "named", bytes: undefined, span }, ...layers];
}

/** Draws inputs with fast-check until one violates something, and shrinks it. The same seed gives the same inputs. */
export function checkProperty(
  source: InputSource,
  examine: Examine,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Checked {
  const property = fc.property(new DraftArbitrary(source), (draft) => examine(inputOf(draft)) === undefined);
  const result = fc.check(property, { numRuns: runs, seed: seed | 0 });
  if (!result.failed) return { runs: result.numRuns, found: undefined };
  const [draft] = result.counterexample as [Draft];
  const input = inputOf(draft);
  const violation = examine(input);
  if (!violation) throw result.errorInstance ?? new Error("what failed once holds the second time");
  return { runs: result.numRuns, found: { input, violation, shrinks: result.numShrinks } };
}
