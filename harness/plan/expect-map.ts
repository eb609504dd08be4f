import { toHex } from "../model/hex.js";
import { isPerCpu, type DataType, type MapSpec } from "../model/object.js";
import type { Pattern } from "../model/packet.js";
import type { DataPattern, PlannedEntry, PlannedMapExpectation } from "../model/plan.js";
import type { Located, MapExpectation, Written, WrittenEntry } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { fieldsOf } from "../data/fields.js";
import { compilePattern } from "../data/pattern.js";
import { integerOf } from "../data/written.js";
import { findMap, wrong, type PlanContext } from "./context.js";
import { planKey, slotZero } from "./map-key.js";
import { hasSlots, isKeyless } from "./map-kinds.js";
import { perCpuList } from "./map-value.js";
import { readRecord } from "./record.js";

const wholeMapKeys = ["entries", "exactly", "count", "sum"];

/**
 * What a map has to hold after a step; of a map of maps also what its inner maps have to, each as a map
 * of its own called `outer[0x…]` after its key. Nothing, with diagnostics, where that is wrong.
 */
export function planMapExpectation(
  context: PlanContext,
  { map: named, written }: MapExpectation,
): readonly PlannedMapExpectation[] {
  const map = findMap(context, named.value, named.span);
  if (!map) return [];
  const reason = whyUnreadable(map);
  if (reason !== undefined) {
    wrong(context, named.span, `the contents of map '${map.name}' cannot be expected: ${reason}`);
    return [];
  }
  const expected = new Expected(context, map, written.span);
  return [expected.read(written), ...expected.inner];
}

function whyUnreadable(map: MapSpec): string | undefined {
  if (map.type === "bloom_filter") return "a bloom filter does not give its values back";
  if (map.type === "ringbuf" || map.type === "user_ringbuf" || map.type === "perf_event_array")
    return `a ${map.type} carries events; say them under expect: events`;
  return undefined;
}

class Expected {
  readonly #context: PlanContext;
  readonly #map: MapSpec;
  readonly #span: Span;
  /** What the maps behind the entries have to hold. */
  readonly inner: PlannedMapExpectation[] = [];

  constructor(context: PlanContext, map: MapSpec, span: Span) {
    this.#context = context;
    this.#map = map;
    this.#span = span;
  }

  read(written: Written): PlannedMapExpectation {
    const list = this.#entryList(written);
    if (list) return this.#expectation(this.#entries(list));
    if (written.kind === "scalar" && written.value === "unchanged") return this.#expectation([], "unchanged");
    if (written.kind === "scalar" && written.value === "empty") return this.#empty();
    if (written.kind === "map" && this.#isWholeMap(written.entries)) return this.#wholeMap(written);
    return this.#expectation(this.#slotZero(written));
  }

  #expectation(
    entries: readonly PlannedEntry[],
    others: PlannedMapExpectation["others"] = "any",
    count?: Located<Pattern>,
  ): PlannedMapExpectation {
    return { map: this.#map, span: this.#span, entries, others, count };
  }

  #empty(): PlannedMapExpectation {
    if (hasSlots(this.#map) && (this.#map.type === "array" || this.#map.type === "percpu_array"))
      this.#wrong(
        this.#span,
        `the slots of the array '${this.#map.name}' are always there`,
        "write 'unchanged', or its values",
      );
    return this.#expectation([], "absent");
  }

  /** `{exactly: […]}` and its like, unless the value is a struct with a member of that name. */
  #isWholeMap(entries: readonly WrittenEntry[]): boolean {
    const names = entries.map(({ key }) => key);
    if (!names.some((name) => wholeMapKeys.includes(name))) return false;
    return !(hasSlots(this.#map) && names.every((name) => hasMember(this.#map.value, name)));
  }

  #wholeMap(written: Written): PlannedMapExpectation {
    const optional = (example: string) => ({ required: false, example });
    const record = readRecord(this.#context, written, `what map '${this.#map.name}' holds`, {
      entries: optional("{entries: [{key: 1, value: 2}]}"),
      exactly: optional("{exactly: [{key: 1, value: 2}]}"),
      count: optional("{count: 1}"),
      sum: optional("{sum: 1}"),
    });
    if (!record) return this.#expectation([]);
    const { entries, exactly, count, sum } = record;
    if (entries && exactly) this.#wrong(exactly.span, "'entries' and 'exactly' exclude each other");
    const planned = [entries, exactly].flatMap((list) => (list ? this.#requiredEntries(list) : []));
    if (sum && !hasSlots(this.#map))
      this.#wrong(
        sum.span,
        `a sum of map '${this.#map.name}' (${this.#map.type}) needs its key`,
        "write [{key: …, sum: …}]",
      );
    const summed = sum ? this.#sum(slotZero(), sum, sum.span) : [];
    return this.#expectation([...planned, ...summed], exactly ? "absent" : "any", count && this.#count(count));
  }

  #requiredEntries(written: Written): readonly PlannedEntry[] {
    const list = this.#entryList(written);
    if (!list) this.#wrong(written.span, `entries of map '${this.#map.name}' are a list`, "write [{key: …, value: …}]");
    return list ? this.#entries(list) : [];
  }

  /** A list of `{key, …}`, or of plain values for queues; undefined for a list that is a value itself. */
  #entryList(written: Written): readonly Written[] | undefined {
    if (written.kind !== "list") return undefined;
    if (isKeyless(this.#map)) return written.items;
    const isEntry = (item: Written) => item.kind === "map" && item.entries.some(({ key }) => key === "key");
    return written.items.every(isEntry) ? written.items : undefined;
  }

  #entries(items: readonly Written[]): readonly PlannedEntry[] {
    return items.flatMap((item, place) => (isKeyless(this.#map) ? this.#keyless(item, place) : this.#entry(item)));
  }

  /** Elements of queues and stacks are observed by their place, as 32 bits: 0 is the next to come out. */
  #keyless(written: Written, place: number): readonly PlannedEntry[] {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, place, true);
    return this.#value(key, written, undefined, written.span);
  }

  #entry(written: Written): readonly PlannedEntry[] {
    const optional = (example: string) => ({ required: false, example });
    const { span } = written;
    const record = readRecord(this.#context, written, `an entry of map '${this.#map.name}'`, {
      key: { required: true, example: "{key: 1, value: 2}" },
      value: optional("{key: 1, value: 2}"),
      absent: optional("{key: 1, absent: true}"),
      sum: optional("{key: 1, sum: 2}"),
      cpu: optional("{key: 1, cpu: 0, value: 2}"),
    });
    const key = record?.key && planKey(this.#context, this.#map, record.key);
    if (!record || !key) return [];
    const { value, absent, sum, cpu } = record;
    if ([value, absent, sum].filter((part) => part !== undefined).length !== 1) {
      this.#wrong(span, "an entry has a key and one of value, absent: true, sum", "write {key: 1, value: 2}");
      return [];
    }
    if (sum) return this.#sum(key, sum, span);
    if (value) return this.#value(key, value, cpu && this.#cpu(cpu), span);
    if (absent?.kind === "scalar" && absent.value === true) return [{ key, value: undefined, cpu: undefined, span }];
    this.#wrong(absent!.span, "'absent' can only be true", "an entry that has to be there is written with its value");
    return [];
  }

  #slotZero(written: Written): readonly PlannedEntry[] {
    if (hasSlots(this.#map)) return this.#value(slotZero(), written, undefined, written.span);
    this.#wrong(
      written.span,
      `a value of map '${this.#map.name}' (${this.#map.type}) needs its key`,
      "write [{key: …, value: …}], {exactly: […]}, {count: n}, unchanged or empty",
    );
    return [];
  }

  #value(key: Uint8Array, written: Written, cpu: number | undefined, span: Span): readonly PlannedEntry[] {
    const perCpu = isPerCpu(this.#map.type) ? perCpuList(this.#map, written) : undefined;
    if (perCpu?.kind === "list") return perCpu.items.flatMap((item, index) => this.#value(key, item, index, span));
    if (perCpu) {
      this.#wrong(perCpu.span, "'percpu' takes a list: the value of CPU 0, of CPU 1, …");
      return [];
    }
    const value = this.#innerMap(key, written) ?? this.#compile(written);
    return value ? [{ key, value, cpu, span }] : [];
  }

  /** `{entries: […]}` behind a key of a map of maps: the entry has to be there, and that in its map. */
  #innerMap(key: Uint8Array, written: Written): DataPattern | undefined {
    const { inner, name } = this.#map;
    if (!inner || written.kind !== "map") return undefined;
    const expected = new Expected(this.#context, { ...inner, name: `${name}[0x${toHex(key)}]` }, written.span);
    this.inner.push(expected.read(written));
    return { kind: "leaf", pattern: { kind: "any" }, span: written.span };
  }

  #sum(key: Uint8Array, written: Written, span: Span): readonly PlannedEntry[] {
    if (!isPerCpu(this.#map.type)) {
      this.#wrong(written.span, `map '${this.#map.name}' has one value, not one a CPU`, "leave out 'sum'");
      return [];
    }
    const value = this.#compile(written);
    return value ? [{ key, value, cpu: "sum", span }] : [];
  }

  #compile(written: Written): DataPattern | undefined {
    const { value, valueSizeBytes, type, name } = this.#map;
    const isHandle = type === "prog_array" || type === "array_of_maps" || type === "hash_of_maps";
    const isAny = written.kind === "scalar" && written.value === "any";
    if (isHandle && !isAny) {
      this.#wrong(
        written.span,
        `values of '${name}' (${type}) are the kernel's own numbers`,
        "write 'any', absent: true, or for maps {entries: […]}",
      );
      return undefined;
    }
    return this.#context.problems.attempt(() => compilePattern(value, valueSizeBytes, written), { span: written.span });
  }

  #cpu(written: Written): number | undefined {
    const cpu = integerOf(written);
    if (cpu !== undefined && cpu >= 0n && cpu < 65536n && isPerCpu(this.#map.type)) return Number(cpu);
    const problem = isPerCpu(this.#map.type)
      ? "'cpu' is a CPU's number, from 0"
      : `map '${this.#map.name}' is not per CPU`;
    this.#wrong(written.span, problem);
    return undefined;
  }

  #count(written: Written): Located<Pattern> | undefined {
    const compiled = this.#context.problems.attempt(() => compilePattern(countType, 4, written));
    return compiled?.kind === "leaf" ? { value: compiled.pattern, span: written.span } : undefined;
  }

  #wrong(span: Span, message: string, hint?: string): void {
    wrong(this.#context, span, message, hint);
  }
}

const countType: DataType = {
  kind: "int",
  name: "number of entries",
  sizeBytes: 4,
  signed: false,
  encoding: "integer",
  bigEndian: false,
};

function hasMember(type: DataType | undefined, name: string): boolean {
  if (type?.kind !== "struct" && type?.kind !== "union") return false;
  return fieldsOf(type).some((field) => field.name === name);
}
