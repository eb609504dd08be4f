import type { Hook, ProgramType } from "../model/hook.js";
import type { Topology } from "../model/topology.js";

/**
 * What the rest of a scenario is checked against; undefined where the file does not say it rightly,
 * so that one mistake is not reported many times.
 */
export interface World {
  readonly hook: Hook | undefined;
  readonly programType: ProgramType | undefined;
  readonly topology: Topology | undefined;
}
