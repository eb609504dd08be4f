import type { PlannedHelper } from "../model/plan.js";
import { calleeName, numberForScript } from "./kernel-functions.js";
import type { Call } from "./call.js";
import { Fault } from "./fault.js";
import type { Helper } from "./machine.js";
import { helperNames } from "../isa/helper-names.js";

type Scripted = Exclude<PlannedHelper["calls"][number], "real">;

/** The helpers with those replaced that a scenario scripts; it may script such as are not simulated, too. */
export function withScripts(
  own: ReadonlyMap<number, Helper>,
  scripts: readonly PlannedHelper[],
): ReadonlyMap<number, Helper> {
  const replaced = scripts.map(({ name, calls }) => {
    const number = helperNames.indexOf(name) + 1 || numberForScript(name);
    return [number, scripted(number, calls, own.get(number))] as const;
  });
  return new Map([...own, ...replaced]);
}

function scripted(number: number, calls: PlannedHelper["calls"], real: Helper | undefined): Helper {
  let made = 0;
  return (call, machine) => {
    const now = calls[Math.min(made++, calls.length - 1)]!;
    if (now !== "real") return perform(call, now);
    if (!real) throw new Fault(`calls ${calleeName(number)}, which is not simulated: it cannot do its real work`);
    return real(call, machine);
  };
}

function perform(call: Call, { returns, writes }: Scripted): bigint {
  for (const { argument, bytes, mask } of writes) {
    const address = call.address(argument);
    bytes.forEach((byte, i) => {
      if (mask[i] === 0) return;
      const place = call.arena.write(address + i, 1);
      place[0] = (place[0]! & ~mask[i]!) | (byte & mask[i]!);
    });
  }
  return BigInt.asIntN(64, returns);
}
