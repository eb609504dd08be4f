import type { BackendName } from "../model/backend.js";
import { toHex } from "../model/hex.js";
import { isPerCpu, type BpfObject, type DataType, type MapSpec, type MapType } from "../model/object.js";
import type { MapObservation, Observation } from "../model/observation.js";
import type { ReplayedMap } from "../model/replay.js";

/** Their values are numbers that every machine gives anew: of programs, maps and interfaces. Keys are compared. */
const referenceTypes: ReadonlySet<MapType> = new Set<MapType>([
  "prog_array",
  "array_of_maps",
  "hash_of_maps",
  "devmap",
  "devmap_hash",
  "cpumap",
]);

/** Differing entries that are told of each map. */
const mostDifferences = 10;

/** Holds what each backend found in the maps behind the last packet against the first backend's findings. */
export function compareMaps(
  object: BpfObject,
  seen: ReadonlyMap<BackendName, readonly Observation[]>,
): readonly ReplayedMap[] {
  const contents = [...seen].map(([backend, observations]) => ({ backend, maps: finalMaps(observations) }));
  // What a backend cannot look at (a map of a type that it does not have) is not compared.
  const names = new Set(
    contents
      .flatMap(({ maps }) => [...maps.keys()])
      .filter((name) => isInner(object, name) || contents.every(({ maps }) => maps.has(name))),
  );
  if (contents.length < 2) return [];
  return [...names].map((map) => {
    const spec = specOf(object, map);
    const entries = contents.map(({ backend, maps }) => ({ backend, entries: entriesOf(spec, maps.get(map)) }));
    const keys = new Set(entries.flatMap((each) => [...each.entries.keys()]));
    const differing = [...keys].filter((key) => new Set(entries.map((each) => each.entries.get(key))).size > 1);
    const differences = differing.slice(0, mostDifferences).map((key) => {
      const values = entries.map((each): [string, string] => [each.backend, each.entries.get(key) ?? "absent"]);
      return { ...Object.fromEntries(values), key };
    });
    return { map, agree: differing.length === 0, differences };
  });
}

function finalMaps(observations: readonly Observation[]): ReadonlyMap<string, MapObservation> {
  return new Map(observations.flatMap((o) => (o.kind === "map" && o.step === 0 ? [[o.map, o]] : [])));
}

function isInner({ maps }: BpfObject, name: string): boolean {
  return !maps.some((map) => map.name === name);
}

/** The map itself, or the template of an inner map, which is called `outer[key]`. */
function specOf({ maps }: BpfObject, name: string): MapSpec | undefined {
  const own = maps.find((map) => map.name === name);
  return own ?? maps.find((map) => name.startsWith(`${map.name}[`))?.inner;
}

function entriesOf(spec: MapSpec | undefined, map: MapObservation | undefined): ReadonlyMap<string, string> {
  const isReference = spec !== undefined && referenceTypes.has(spec.type);
  const addresses = spec?.value ? addressesIn(spec.value, 0) : [];
  return new Map(
    (map?.entries ?? []).map(({ key, values }) => [
      toHex(key),
      isReference
        ? "(a reference)"
        : valueText(
            spec !== undefined && isPerCpu(spec.type),
            values.map((value) => without(value, addresses)),
          ),
    ]),
  );
}

/** Structs of the kernel's own in values (include/uapi/linux/bpf.h): they hold addresses, or are hidden from user space. */
const kernelStructs = /^bpf_(spin_lock|timer|wq|list_head|list_node|rb_root|rb_node|refcount)$/;

interface Stretch {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Where a value holds addresses, which are each machine's own. */
function addressesIn(type: DataType, offsetBytes: number): Stretch[] {
  const { sizeBytes } = type;
  if (type.kind === "pointer" || ("name" in type && kernelStructs.test(type.name))) return [{ offsetBytes, sizeBytes }];
  if (type.kind === "struct")
    return type.members.flatMap((member) => addressesIn(member.type, offsetBytes + Math.floor(member.offsetBits / 8)));
  if (type.kind !== "array" || addressesIn(type.element, 0).length === 0) return [];
  return Array.from({ length: type.length }, (_, i) =>
    addressesIn(type.element, offsetBytes + i * type.element.sizeBytes),
  ).flat();
}

function without(value: Uint8Array, stretches: readonly Stretch[]): Uint8Array {
  if (stretches.length === 0) return value;
  const copy = value.slice();
  for (const { offsetBytes, sizeBytes } of stretches) copy.fill(0, offsetBytes, offsetBytes + sizeBytes);
  return copy;
}

/** Machines differ in their number of CPUs: those behind the last that counted are left out. */
function valueText(perCpu: boolean, values: readonly Uint8Array[]): string {
  if (!perCpu) return values.map(toHex).join(" ");
  const last = values.findLastIndex((value) => value.some((byte) => byte !== 0));
  return values
    .slice(0, Math.max(1, last + 1))
    .map(toHex)
    .join(" ");
}
