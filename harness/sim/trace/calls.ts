import { helperParameters } from "../../isa/helper-parameters.js";
import { formatData } from "../../data/format.js";
import type { HelperCall } from "../../model/trace.js";
import { readable } from "../arena.js";
import { callArea, type Call } from "../call.js";
import { functionAddresses } from "../machine.js";
import type { MapStore } from "../maps/map-store.js";
import type { MapTable } from "../maps/map-table.js";
import type { Places } from "./places.js";
import { calleeName } from "../kernel-functions.js";

/** A call with its arguments in words, before it is made. */
export function describeCall(helper: number, call: Call, maps: MapTable, places: Places): HelperCall {
  const name = calleeName(helper) ?? `helper #${helper}`;
  const parameters = helperParameters(name);
  const at = parameters.indexOf("map");
  const map = at < 0 ? undefined : maps.find(call.address(at + 1));
  const framePointer = call.arena.view.getUint32(callArea.framePointer, true);
  const words = parameters.map((parameter, i) => {
    const address = call.address(i + 1);
    const bytes = map && bytesBehind(parameter, call, address, map);
    if (parameter === "map" && map) return map.spec.name;
    if (parameter === "key" && bytes && map) return `key ${formatData(map.spec.key, bytes)}`;
    if (parameter === "value" && bytes && map) return `value ${formatData(map.spec.value, bytes)}`;
    if (address >= functionAddresses && parameter === "callback") return "callback";
    return `${parameter} ${places.nameOf(address, framePointer) ?? numberText(call.u64(i + 1))}`;
  });
  return { name, arguments: words, result: undefined };
}

/** What a helper returned: an address in words, an error or a count as a number. */
export function describeResult(result: number | bigint, framePointer: number, places: Places): string {
  const place = typeof result === "number" && result > 0 ? places.nameOf(result, framePointer) : undefined;
  return place ?? numberText(BigInt.asUintN(64, BigInt(result)));
}

function bytesBehind(parameter: string, call: Call, address: number, { spec }: MapStore): Uint8Array | undefined {
  const sizeBytes = parameter === "key" ? spec.keySizeBytes : parameter === "value" ? spec.valueSizeBytes : undefined;
  if (sizeBytes === undefined || !call.arena.allows(address, sizeBytes, readable)) return undefined;
  return call.arena.bytes.slice(address, address + sizeBytes);
}

/** Small ones and small negative ones as people write them. */
function numberText(value: bigint): string {
  const signed = BigInt.asIntN(64, value);
  return signed > -4096n && signed < 65536n ? String(signed) : `0x${value.toString(16)}`;
}
