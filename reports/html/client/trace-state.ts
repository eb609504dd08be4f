import type { MemoryChange, TracedRun } from "../../../harness/model/trace.js";

/** What a run has come to after so many of its steps. */
export interface TraceState {
  /** r0 to r10. */
  readonly registers: readonly string[];
  /** Those that the last step changed. */
  readonly changedRegisters: ReadonlySet<number>;
  readonly packet: Uint8Array;
  /** Bytes that the run has written so far; those of the last step. */
  readonly writtenBytes: ReadonlySet<number>;
  readonly lastBytes: ReadonlySet<number>;
  /** A helper moved the packet's beginning or end in a way that the record does not say. */
  readonly packetMoved: boolean;
  /** Everything written that is not the packet: stack, maps, globals. */
  readonly memory: readonly { readonly place: string; readonly value: string; readonly last: boolean }[];
}

/** Helpers after which a packet's bytes are not where they were. */
const moving = /adjust_room|change_tail|change_head|change_proto|adjust_tail|vlan_push|vlan_pop|push_data|pop_data/;

/** The state after `count` steps, from the beginning: a run has a few thousand, which takes no time to notice. */
export function stateAfter(run: TracedRun, count: number): TraceState {
  const registers = [...run.registers];
  let packet = hexBytes(run.packetHex);
  let written = new Set<number>();
  let last = new Set<number>();
  let packetMoved = false;
  const memory = new Map<string, { value: string; step: number }>();
  for (const [index, step] of run.steps.slice(0, count).entries()) {
    for (const [register, , after] of step.registers ?? []) registers[register] = after;
    const delta = headDelta(step.call?.name, step.call?.arguments[1]);
    if (delta !== undefined && step.call?.result !== undefined && !step.call.result.startsWith("-")) {
      packet = moveHead(packet, delta);
      written = new Set([...written].map((at) => at - delta).filter((at) => at >= 0));
    } else if (moving.test(step.call?.name ?? "")) packetMoved = true;
    last = new Set();
    for (const change of step.memory ?? []) {
      const offset = packetOffset(change);
      if (offset === undefined) memory.set(change.place, { value: change.after, step: index });
      else {
        const bytes = hexBytes(change.after);
        for (const [i, byte] of bytes.entries()) {
          if (offset + i >= packet.length) continue;
          packet[offset + i] = byte;
          written.add(offset + i);
          last.add(offset + i);
        }
      }
    }
  }
  const lastStep = run.steps[count - 1];
  return {
    registers,
    changedRegisters: new Set((lastStep?.registers ?? []).map(([register]) => register)),
    packet,
    writtenBytes: written,
    lastBytes: last,
    packetMoved,
    memory: [...memory].map(([place, { value, step }]) => ({ place, value, last: step === count - 1 })),
  };
}

function packetOffset({ place }: MemoryChange): number | undefined {
  const offset = /^packet\+(\d+)$/.exec(place)?.[1];
  return offset === undefined ? undefined : Number(offset);
}

/** How far bpf_xdp_adjust_head moves the packet's beginning; its argument reads `delta -14`. */
function headDelta(name: string | undefined, argument: string | undefined): number | undefined {
  const number = /-?\d+$/.exec(argument ?? "")?.[0];
  return name?.includes("xdp_adjust_head") && number !== undefined ? Number(number) : undefined;
}

function moveHead(packet: Uint8Array, delta: number): Uint8Array<ArrayBuffer> {
  if (delta >= 0) return packet.slice(delta);
  const longer = new Uint8Array(packet.length - delta);
  longer.set(packet, -delta);
  return longer;
}

function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The number of the C line that a step belongs to, in `run.lines`. */
export function lineOfStep(run: TracedRun, step: number): number | undefined {
  const instruction = run.steps[step]?.instruction;
  return instruction === undefined ? undefined : run.instructions[instruction]?.line;
}

/** The next step (or with direction -1 the one before) at which another C line begins. */
export function nextLine(run: TracedRun, step: number, direction: 1 | -1): number {
  const line = lineOfStep(run, step);
  let at = step;
  while (at + direction >= 0 && at + direction < run.steps.length && lineOfStep(run, at) === line) at += direction;
  if (direction === 1) return at;
  // Backwards one comes to a line's end: go on to where it began.
  const before = lineOfStep(run, at);
  while (at > 0 && lineOfStep(run, at - 1) === before) at--;
  return at;
}
