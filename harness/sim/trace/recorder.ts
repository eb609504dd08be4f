import type { ProgramType } from "../../model/hook.js";
import { verdictName } from "../../model/hook.js";
import { toHex } from "../../model/hex.js";
import type { Decision, TracedRun } from "../../model/trace.js";
import { ProgramFault } from "../fault.js";
import type { PacketHook } from "../hooks/packet-hook.js";
import type { Instruments, RunPlace } from "../instruments.js";
import { Interpreter } from "../interpreter/interpreter.js";
import type { Engine, Helper } from "../machine.js";
import type { SimulatedObject } from "../simulated-object.js";
import { decisionOf } from "./decision.js";
import { changesBetween, snapshotOf } from "./map-changes.js";
import { Recording, type Executed } from "./recording.js";

/** Records chosen runs of a plan on the interpreter; the others run as if nobody looked. */
export class Recorder implements Instruments {
  readonly runs: TracedRun[] = [];
  /** Of which packets they are. */
  readonly places: RunPlace[] = [];
  readonly #type: ProgramType;
  readonly #isWanted: (place: RunPlace) => boolean;
  #recording: Recording | undefined;

  constructor(type: ProgramType, isWanted: (place: RunPlace) => boolean) {
    this.#type = type;
    this.#isWanted = isWanted;
  }

  readonly helpers = (own: ReadonlyMap<number, Helper>): ReadonlyMap<number, Helper> =>
    new Map([...own].map(([number, helper]) => [number, this.#recorded(number, helper)]));

  readonly watch = (engine: Engine): void => {
    if (!(engine instanceof Interpreter)) throw new TypeError("only the interpreter can be recorded");
    engine.hook = (slot, registers) => this.#recording?.see(engine.code, slot, registers);
  };

  readonly around = (place: RunPlace, object: SimulatedObject<PacketHook>, run: () => void): void => {
    if (!this.#isWanted(place)) return run();
    const { machine, maps, hook } = object;
    const recording = new Recording(machine.arena, object.object, maps);
    const before = snapshotOf(maps);
    const packetHex = toHex(hook.output() ?? new Uint8Array());
    let fault: string | undefined;
    this.#recording = recording;
    try {
      run();
    } catch (error) {
      if (error instanceof ProgramFault) fault = error.message;
      throw error;
    } finally {
      this.#recording = undefined;
      recording.end();
      const returned = fault === undefined ? machine.arguments.result32 | 0 : undefined;
      this.places.push(place);
      this.runs.push({
        program: recording.executed[0]?.code.name ?? "",
        packetHex,
        registers: recording.registers,
        instructions: recording.instructions,
        lines: recording.lines,
        steps: recording.steps,
        omittedSteps: recording.omittedSteps,
        decision: fault === undefined ? decisionIn(recording) : undefined,
        returned,
        verdict: returned === undefined ? undefined : verdictName(this.#type, returned),
        fault,
        maps: changesBetween(before, snapshotOf(maps)),
      });
    }
  };

  #recorded(number: number, helper: Helper): Helper {
    return (call, machine) => {
      const recording = this.#recording;
      if (!recording) return helper(call, machine);
      const described = recording.callBegins(number, call);
      const result = helper(call, machine);
      recording.callEnds(described, result);
      return result;
    };
  }
}

function decisionIn(recording: Recording): Decision | undefined {
  const { executed, steps, instructions, lines, omittedSteps } = recording;
  const at = omittedSteps === 0 ? decisionOf(executed) : undefined;
  if (at === undefined) return undefined;
  const { instruction, taken } = steps[at]!;
  const { text, line } = instructions[instruction]!;
  // Without the opcode in front.
  const operands = registersOf(executed[at]!).map((register) => `r${register} = ${valueAt(recording, at, register)}`);
  const condition = `${text.replace(/^\(..\) /, "")}: ${taken ? "taken" : "not taken"}, ${operands.join(", ")}`;
  return { step: at, source: line === undefined ? undefined : lines[line], condition };
}

/** Registers that a conditional jump compares. */
function registersOf({ code, index }: Executed): number[] {
  const { instruction } = code.instructions[index]!;
  if (instruction.kind !== "branch") return [];
  const { dst, operand } = instruction;
  return operand.kind === "register" ? [dst, operand.register] : [dst];
}

/** A register's value before a step. */
function valueAt({ registers, steps }: Recording, step: number, register: number): string {
  for (let at = step - 1; at >= 0; at--) {
    const change = steps[at]!.registers?.find(([number]) => number === register);
    if (change) return change[2];
  }
  return registers[register]!;
}
