import { testRunInputs, testRunOutputs } from "../kernel/context.js";
import { linkLayer } from "../kernel/link-layer.js";
import { loadObject } from "../kernel/load.js";
import type { LoadedObject } from "../kernel/loaded-object.js";
import { RunFolder } from "../kernel/run-folder.js";
import { TestNetwork } from "../kernel/test-network.js";
import { TestRun } from "../kernel/test-run.js";
import { HarnessError, harnessError } from "../model/error.js";
import { sameBytes } from "../model/hex.js";
import type { Packet } from "../model/packet.js";
import type { MapPatch } from "../model/plan.js";
import type { Subject } from "./subject.js";
import { hasFixedEntries } from "./watched-hook.js";
import { perform, type Answer, type Target } from "./target.js";

/** What an entry was before anything happened to it. */
function asSetUp({ map, key, span }: MapPatch, setUp: readonly MapPatch[]): MapPatch {
  const own = setUp.findLast((patch) => patch.map.name === map.name && sameBytes(patch.key, key));
  if (own) return own;
  if (!hasFixedEntries(map.type)) return { map, op: "delete", key, value: undefined, span };
  return { map, op: "set", key, value: { kind: "bytes", bytes: new Uint8Array(map.valueSizeBytes) }, span };
}

type KernelSubject = Subject & Parameters<typeof loadObject>[0];

/**
 * A program in the running kernel, through BPF_PROG_TEST_RUN. Only what it is set up with belongs to a network: what
 * programs may ask of one (`whyUnsettled`) cannot be compared, and to go there for every packet takes as long as to run it.
 */
export class KernelTarget implements Target {
  readonly name = "kernel";
  readonly #subject: KernelSubject;
  readonly #folder: RunFolder;
  readonly #network = new TestNetwork();
  readonly #testRun = new TestRun();
  #loaded: LoadedObject;
  #updated: MapPatch[] = [];

  /** Throws HarnessError "load" with the verifier's last words where the kernel refuses the object. */
  constructor(subject: KernelSubject, runId: string) {
    this.#subject = subject;
    this.#folder = new RunFolder(`${runId}-fuzz`);
    try {
      this.#loaded = this.#load();
      this.#prepare();
    } catch (error) {
      this.#closeAll();
      throw error;
    }
  }

  reset(): void {
    this.#updated = [];
    this.#loaded.close();
    this.#loaded = this.#load();
    this.#prepare();
  }

  run(packet: Packet): Answer {
    const { programType } = this.#subject;
    const link = linkLayer(programType, packet);
    const { data } = testRunInputs(programType, packet, link.wrapped, {});
    const run = this.#testRun;
    run.clear();
    run.add(data);
    run.run();
    const { bytes } = testRunOutputs(programType, run.packetOut(0), run.context(0));
    return { returned: run.returned(0), bytes: bytes ? link.unwrap(bytes) : new Uint8Array(), fault: undefined };
  }

  update(patches: readonly MapPatch[]): void {
    this.#updated.push(...patches);
    this.#network.inside(() => this.#loaded.applyMaps(patches));
  }

  /** One entry after the other: to load the object again takes a thousand times as long. */
  restore(): void {
    const first = this.#updated.map((patch) => asSetUp(patch, this.#subject.maps));
    this.#updated = [];
    for (const patch of first.reverse()) {
      try {
        this.#network.inside(() => this.#loaded.applyMaps([patch]));
      } catch (error) {
        // What never came to be there cannot be deleted.
        if (!(error instanceof HarnessError)) throw error;
      }
    }
  }

  /** The kernel's clock goes by itself. */
  advance(): void {
    throw harnessError("unsupported", "the kernel's clock cannot be put forward");
  }

  close(): void {
    this.#loaded.close();
    this.#closeAll();
  }

  #closeAll(): void {
    this.#network.close();
    this.#folder.close();
  }

  #prepare(): void {
    for (const command of this.#subject.before) perform(this, command);
  }

  #load(): LoadedObject {
    const result = loadObject(this.#subject, this.#folder);
    if (!result.accepted) {
      const lines = result.log.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("processed "));
      throw harnessError("load", `the kernel refuses the object: ${lines.slice(-2).join(" / ")}`);
    }
    this.#network.inside(() => result.loaded.applyMaps(this.#subject.maps));
    this.#testRun.select(result.loaded.programFd, this.#subject.programType);
    return result.loaded;
  }
}
