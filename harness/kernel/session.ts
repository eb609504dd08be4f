import { plansByObject } from "../model/by-object.js";
import type { Session, SessionOptions } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import type { Observation } from "../model/observation.js";
import type { Plan, PlannedStep } from "../model/plan.js";
import { loadObject } from "./load.js";
import type { LoadedObject } from "./loaded-object.js";
import { missingFor } from "./missing.js";
import { StateObserver } from "./observe.js";
import { programsDuring } from "../model/swaps.js";
import { loadReplacements } from "./replacements.js";
import { RunFolder } from "./run-folder.js";
import { runSend } from "./send.js";
import { TestNetwork } from "./test-network.js";
import { TestRun } from "./test-run.js";

/** Runs plans through BPF_PROG_TEST_RUN, all on the calling thread and without waiting for anything. */
export class KernelSession implements Session {
  private readonly folder: RunFolder;
  private readonly network = new TestNetwork();
  private readonly testRun = new TestRun();
  private readonly signal: AbortSignal | undefined;

  constructor({ runId, signal }: SessionOptions) {
    this.folder = new RunFolder(`${runId}-kernel`);
    this.signal = signal;
  }

  missing(plan: Plan): readonly string[] {
    return missingFor(plan);
  }

  run(plan: Plan): Promise<readonly Observation[]> {
    return new Promise((resolve) => resolve(this.runNow(plan)));
  }

  close(): Promise<void> {
    this.network.close();
    this.folder.close();
    return Promise.resolve();
  }

  private runNow(whole: Plan): Observation[] {
    // Without a network nothing gets to what is attached elsewhere: the program under test runs alone.
    const plan = { ...plansByObject(whole)[0].plan, attach: [], objects: [] };
    const result = loadObject(plan, this.folder);
    if (!result.accepted) return [{ kind: "load", accepted: false, log: result.log, errno: result.errno }];
    const { loaded, statistics } = result;
    const others = loadReplacements(plan, loaded, this.folder);
    if (!others.accepted) {
      loaded.close();
      return [{ kind: "load", accepted: false, log: others.log, errno: others.errno }];
    }
    const programs = [loaded.programFd, ...others.loaded.map(({ programFd }) => programFd)];
    let observer: StateObserver | undefined;
    try {
      this.network.inside(() => loaded.applyMaps(plan.maps));
      observer = new StateObserver(plan, "kernel", loaded, this.folder);
      const seen: Observation[] = [
        { kind: "load", accepted: true, log: "", errno: 0, statistics },
        ...observer.observe(-1),
      ];
      for (const step of plan.steps) {
        if (this.signal?.aborted) throw harnessError("timeout", "the run was interrupted");
        for (const observation of this.runStep(plan, step, loaded, programs)) seen.push(observation);
        for (const observation of observer.observe(step.index)) seen.push(observation);
      }
      return seen;
    } finally {
      observer?.close();
      for (const each of others.loaded) each.close();
      loaded.close();
    }
  }

  /** `programs` are the descriptors of the program under test and what takes its place, by number. */
  private runStep(plan: Plan, step: PlannedStep, loaded: LoadedObject, programs: readonly number[]): Observation[] {
    switch (step.kind) {
      case "send": {
        const { testRun, network } = this;
        return runSend(step, {
          plan,
          programFds: programsDuring(plan, step).map((number) => programs[number]!),
          testRun,
          network,
        });
      }
      case "maps":
        this.network.inside(() => loaded.applyMaps(step.patches));
        return [];
      case "unload":
        loaded.unload();
        return [];
      case "swap":
      case "expect":
        return [];
      default:
        throw harnessError("unsupported", `${step.kind} steps need real sockets`, { hint: "use backend wire" });
    }
  }
}
