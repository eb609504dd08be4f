import type { Session, SessionOptions } from "../model/backend.js";
import type { FunctionCoverage } from "../model/coverage.js";
import type { Observation } from "../model/observation.js";
import type { Mismatch } from "../model/outcome.js";
import type { Plan } from "../model/plan.js";
import { KernelTypes } from "../object/core-types.js";
import { readBtf } from "../object/read-btf.js";
import { Window } from "../object/window.js";
import type { EngineName } from "./engine.js";
import { LinkCache } from "./link-cache.js";
import { MemoryPool } from "./memory-pool.js";
import { missingFor } from "./missing.js";
import { PlanMachine, type MachineOptions } from "./plan-machine.js";
import { explain } from "./trace/explain.js";

/** Runs plans on simulated machines, a new one for each: on any operating system, without privileges. */
export class SimSession implements Session {
  readonly #engine: EngineName;
  /** Nothing of what a plan did is in these. */
  readonly #shared = { memories: new MemoryPool(), links: new LinkCache() };
  /** Made to see whether the plan's programs can be linked, and good for running it once. */
  #ready: { readonly plan: Plan; readonly machine: PlanMachine } | undefined;

  readonly #options: MachineOptions;
  #coverage: FunctionCoverage[] = [];

  constructor(engine: EngineName, options: Pick<SessionOptions, "coverage" | "clearsStack" | "kernelBtf"> = {}) {
    const { coverage = false, clearsStack = false, kernelBtf } = options;
    this.#engine = engine;
    this.#options = {
      ...this.#shared,
      clearsStack,
      ...(coverage && { counting: {} }),
      ...(kernelBtf && { kernelTypes: new KernelTypes(readBtf(new Window("the kernel's BTF", kernelBtf, true))) }),
    };
  }

  missing(plan: Plan): readonly string[] {
    return missingFor(plan, () => {
      this.#ready?.machine.release();
      this.#ready = undefined;
      this.#ready = { plan, machine: this.#machineFor(plan) };
    });
  }

  run(plan: Plan): Promise<readonly Observation[]> {
    return new Promise((resolve) => {
      const machine = this.#ready?.plan === plan ? this.#ready.machine : this.#machineFor(plan);
      if (this.#ready?.machine === machine) this.#ready = undefined;
      try {
        resolve(machine.run());
      } finally {
        this.#coverage.push(...machine.coverage());
        machine.release();
      }
    });
  }

  explain(plan: Plan, mismatches: readonly Mismatch[]): readonly Mismatch[] {
    return explain(plan, mismatches, (instruments) => {
      const machine = new PlanMachine(plan, "interpreter", { ...this.#shared, instruments });
      try {
        machine.run();
      } finally {
        machine.release();
      }
    });
  }

  takeCoverage(): readonly FunctionCoverage[] {
    const taken = this.#coverage;
    this.#coverage = [];
    return taken;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #machineFor(plan: Plan): PlanMachine {
    return new PlanMachine(plan, this.#engine, this.#options);
  }
}
