import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "chai";
import { attrOffsets, attrSizeBytes, bpfCommands } from "../harness/kernel/attr.js";
import { addressOf, libc, orThrow } from "../harness/kernel/libc.js";
import { loadObject } from "../harness/kernel/load.js";
import { fixtureObject, planFor } from "../harness/kernel/plan-builder.test.js";
import { whyNoKernel } from "../harness/kernel/probe.js";
import { RunFolder } from "../harness/kernel/run-folder.js";
import { hooks, type Hook } from "../harness/model/hook.js";
import type { BpfObject, ProgramSpec } from "../harness/model/object.js";
import { projectRoot } from "../harness/run/project.js";

/**
 * The verifier follows every way through a program that differs in what it knows, and gives up after a million
 * instructions. How many it followed is the same on every machine with the same kernel. The shipped programs need a
 * few thousand; the limit leaves room for other kernels and is far below what one careless loop costs.
 */
const mostInstructions = 20_000;

/** Where struct bpf_prog_info (include/uapi/linux/bpf.h) has verified_insns, since Linux 5.16. */
const verifiedOffset = 216;
const infoBytes = 224;

const hookOfType = new Map(Object.entries(hooks).map(([hook, type]) => [type as string, hook as Hook]));
const sources = ["bpf", "bpf/features"].flatMap((folder) => readdirSync(join(projectRoot, folder)));
const names = sources.filter((file) => file.endsWith(".bpf.c")).map((file) => basename(file, ".bpf.c"));

describe("what the verifier has to do", () => {
  const folder = new RunFolder(`test-verification-cost-${process.pid}`);

  after(() => folder.close());

  for (const name of names) {
    const object = fixtureObject(name);
    for (const program of object.programs) {
      it(`for ${name}, program ${program.name}, is within bounds`, function () {
        if (whyNoKernel() !== undefined || isForOneDevice(object)) return this.skip();
        const verified = verifiedInstructions(object, program, folder);
        if (verified === undefined) return this.skip();
        expect(verified).to.be.within(1, mostInstructions);
      });
    }
  }
});

/** What asks a card of a packet is loaded for that card's device, and for no other (net/core/xdp.c). */
function isForOneDevice({ kernelFunctions }: BpfObject): boolean {
  return kernelFunctions.some(({ name }) => name.startsWith("bpf_xdp_metadata_rx_"));
}

/** Loads one program of an object, with whatever it tail-calls; undefined where the kernel does not tell its number. */
function verifiedInstructions(object: BpfObject, program: ProgramSpec, folder: RunFolder): number | undefined {
  const hook = program.type === undefined ? undefined : hookOfType.get(program.type);
  if (hook === undefined) throw new Error(`no hook for program ${program.name}`);
  const result = loadObject(planFor(object, hook, { entry: program.name }), folder);
  if (!result.accepted) throw new Error(result.log);
  try {
    return verifiedInstructionsOf(result.loaded.programFd);
  } finally {
    result.loaded.close();
  }
}

function verifiedInstructionsOf(programFd: number): number | undefined {
  const info = new Uint8Array(infoBytes);
  const attr = new Uint8Array(attrSizeBytes);
  const view = new DataView(attr.buffer);
  view.setUint32(attrOffsets["info.bpf_fd"], programFd, true);
  view.setUint32(attrOffsets["info.info_len"], infoBytes, true);
  view.setBigUint64(attrOffsets["info.info"], addressOf(info), true);
  orThrow(libc().bpf(bpfCommands.BPF_OBJ_GET_INFO_BY_FD, attr, 16), "asking what a program's verification cost");
  // The kernel answers with as many bytes as it knows.
  const known = view.getUint32(attrOffsets["info.info_len"], true) >= verifiedOffset + 4;
  return known ? new DataView(info.buffer).getUint32(verifiedOffset, true) : undefined;
}
