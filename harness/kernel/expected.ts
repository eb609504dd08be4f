import type { BackendName } from "../model/backend.js";
import { allExpectations } from "../model/expectations.js";
import type { Plan } from "../model/plan.js";

/** Lines are read where they are expected, and wherever an object can print any: they often explain a failure. */
export function wantsPrintk(backend: BackendName, plan: Plan): boolean {
  const expected = allExpectations(backend, plan).some(({ printk }) => printk !== undefined);
  const programs = [plan.object, ...plan.objects.map(({ object }) => object)].flatMap((object) => object.programs);
  return expected || programs.some(({ instructions }) => printkCalls.some((call) => contains(instructions, call)));
}

/** `call bpf_trace_printk` and `call bpf_trace_vprintk` as 8-byte instructions: opcode, registers, offset, helper. */
const printkCalls = [6, 177].map((helper) => Uint8Array.of(0x85, 0, 0, 0, helper, 0, 0, 0));

function contains(instructions: Uint8Array, wanted: Uint8Array): boolean {
  for (let at = 0; at < instructions.length; at += wanted.length)
    if (wanted.every((byte, i) => instructions[at + i] === byte)) return true;
  return false;
}
