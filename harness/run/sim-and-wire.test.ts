import { expect } from "chai";
import type { Context } from "mocha";
import type { BackendName } from "../model/backend.js";
import type { Observation } from "../model/observation.js";
import type { Plan } from "../model/plan.js";
import { planScenario } from "../plan/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { probeBackends } from "./backends.js";
import { findObject } from "./object.js";
import { Sessions } from "./run.js";

const nowhere = { file: "", start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 1, offset: 0 } };

/** Runs scenarios that tests make up in the simulator and in namespaces. */
export class SimAndWire {
  readonly #sessions = new Sessions({ port: "af_packet", signal: new AbortController().signal });

  /** Skips the test where there are no namespaces. */
  static async orSkip(test: Context): Promise<void> {
    const [wire] = await probeBackends(["wire"]);
    if (wire!.unavailable !== undefined) test.skip();
  }

  /** The only case of a scenario whose program is `program`. */
  async planOf(text: string, program: string): Promise<Plan> {
    const object = await findObject({ value: program, span: nowhere }, "drawn.yml");
    const { scenario, diagnostics } = parseScenario(text, "drawn.yml");
    if (!scenario) throw new Error(`${diagnostics[0]?.message}\n${text}`);
    const readCapture = () => Promise.reject(new Error("there is none"));
    const [plan] = await planScenario(scenario, object, { seed: 1, readCapture });
    return plan!;
  }

  async run(backend: BackendName, plan: Plan): Promise<readonly Observation[]> {
    const session = await this.#sessions.get(backend);
    expect(session.missing(plan)).to.deep.equal([]);
    return session.run(plan);
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }
}
