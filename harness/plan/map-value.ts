import type { ProgramType } from "../model/hook.js";
import { isPerCpu, type MapSpec } from "../model/object.js";
import type { MapValue } from "../model/plan.js";
import type { Written } from "../model/scenario.js";
import { encodeData } from "../data/encode.js";
import { fieldsOf } from "../data/fields.js";
import { integerOf } from "../data/written.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";
import { planEntries } from "./map-entries.js";
import { readRecord } from "./record.js";

/** Interfaces have no more of them (include/linux/netdevice.h: IFLA_NUM_RX_QUEUES is checked against 4096). */
const mostQueues = 4095;

/** A value of any map type as the scenario writes it; undefined, with a diagnostic, where it is wrong. */
export function planValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  switch (map.type) {
    case "prog_array":
      return programValue(context, map, written);
    case "devmap":
    case "devmap_hash":
      return deviceValue(context, map, written);
    case "cpumap":
      return cpuValue(context, map, written);
    case "xskmap":
      return xskValue(context, map, written);
    case "array_of_maps":
    case "hash_of_maps":
      return innerValue(context, map, written);
    case "sockmap":
    case "sockhash":
      return socketValue(context, map, written);
    default:
      return plainValue(context, map, written);
  }
}

function plainValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const perCpu = isPerCpu(map.type) ? perCpuList(map, written) : undefined;
  if (!perCpu) {
    const bytes = encode(context, map, written);
    return bytes && { kind: "bytes", bytes };
  }
  if (perCpu.kind !== "list") {
    wrong(context, perCpu.span, "'percpu' takes a list: the value of CPU 0, of CPU 1, …");
    return undefined;
  }
  const values = perCpu.items.flatMap((item) => encode(context, map, item) ?? []);
  return values.length === perCpu.items.length ? { kind: "perCpu", values } : undefined;
}

function encode({ problems }: PlanContext, map: MapSpec, written: Written): Uint8Array | undefined {
  return problems.attempt(() => encodeData(map.value, map.valueSizeBytes, written), { span: written.span });
}

/** The list of `{percpu: […]}`, unless the value is a struct with a member of that name. */
export function perCpuList(map: MapSpec, written: Written): Written | undefined {
  if (written.kind !== "map" || written.entries.length !== 1 || written.entries[0]?.key !== "percpu") return undefined;
  const { value } = map;
  const isMember = (value?.kind === "struct" || value?.kind === "union") && fieldsOf(value).some(isNamedPerCpu);
  return isMember ? undefined : written.entries[0].value;
}

function isNamedPerCpu({ name }: { readonly name: string }): boolean {
  return name === "percpu";
}

function programValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const record = readRecord(context, written, `a slot of the prog_array '${map.name}'`, {
    program: { required: true, example: "{program: parse_tcp}" },
  });
  const name = record?.program && planProgramName(context, record.program);
  return name === undefined ? undefined : { kind: "program", name };
}

function deviceValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const record = readRecord(context, written, `an entry of the ${map.type} '${map.name}'`, {
    dev: { required: true, example: "{dev: eth1}" },
    program: { required: false, example: "{dev: eth1, program: on_egress}" },
  });
  if (!record?.dev) return undefined;
  const dev = planDevice(context, record.dev);
  const program = record.program && planSecondProgram(context, map, record.program);
  if (dev === undefined || (record.program && program === undefined)) return undefined;
  return { kind: "device", dev, program };
}

/** `{socket: web.to}`: an end of a connection of a `tcp` step. */
function socketValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const record = readRecord(context, written, `an entry of the ${map.type} '${map.name}'`, {
    socket: { required: true, example: "{socket: tcp.to}" },
  });
  const text = record?.socket && textOf(context, record.socket, "an end of a connection");
  if (!record?.socket || text === undefined) return undefined;
  const [, connection, side] = /^([\w-]+)\.(from|to)$/.exec(text) ?? [];
  if (connection !== undefined && (side === "from" || side === "to"))
    return { kind: "socket", end: { connection, side } };
  wrong(context, record.socket.span, `'${text}' is no end of a connection`, "write its name and the end: tcp.to");
  return undefined;
}

function cpuValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const record = readRecord(context, written, `a slot of the cpumap '${map.name}'`, {
    qsize: { required: true, example: "{qsize: 192}" },
    program: { required: false, example: "{qsize: 192, program: on_cpu}" },
  });
  if (!record?.qsize) return undefined;
  const queueSize = integerOf(record.qsize);
  // The kernel's limit (cpu_map_alloc: "Make sure CPU is a valid", 16384 packets a queue).
  if (queueSize === undefined || queueSize < 1n || queueSize > 16384n) {
    wrong(context, record.qsize.span, "'qsize' is the number of packets that may wait for the CPU: 1 to 16384");
    return undefined;
  }
  const program = record.program && planSecondProgram(context, map, record.program);
  if (record.program && program === undefined) return undefined;
  return { kind: "cpu", queueSize: Number(queueSize), program };
}

/** `{queue: 0}`: the AF_XDP socket on a queue of the program's interface. */
function xskValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const record = readRecord(context, written, `a slot of the xskmap '${map.name}'`, {
    queue: { required: true, example: "{queue: 0}" },
  });
  if (!record?.queue) return undefined;
  const queue = integerOf(record.queue);
  if (queue !== undefined && queue >= 0n && queue <= mostQueues) return { kind: "xsk", queue: Number(queue) };
  wrong(context, record.queue.span, `'queue' is the number of a receive queue: 0 to ${mostQueues}`);
  return undefined;
}

/** Devmaps and cpumaps can run a program of their own, if their values have room for one. */
function planSecondProgram(context: PlanContext, map: MapSpec, written: Written): string | undefined {
  // Whatever the map's other users are.
  const name = planProgramName(context, written, "xdp");
  if (name === undefined || map.valueSizeBytes >= 8) return name;
  const type = map.type === "cpumap" ? "struct bpf_cpumap_val" : "struct bpf_devmap_val";
  wrong(context, written.span, `the values of '${map.name}' have no room for a program`, `declare them as ${type}`);
  return undefined;
}

function innerValue(context: PlanContext, map: MapSpec, written: Written): MapValue | undefined {
  const { inner } = map;
  if (!inner) {
    wrong(
      context,
      written.span,
      `the object does not say what kind of map '${map.name}' holds`,
      "declare it with __array(values, …)",
    );
    return undefined;
  }
  const record = readRecord(context, written, `an entry of the ${map.type} '${map.name}'`, {
    entries: { required: true, example: "{entries: [{key: 1, value: 2}]}" },
  });
  return record?.entries && { kind: "inner", entries: planEntries(context, inner, record.entries) };
}

function planProgramName(
  context: PlanContext,
  written: Written,
  type: ProgramType = context.programType,
): string | undefined {
  const name = textOf(context, written, "the name of a program");
  if (name === undefined) return undefined;
  const found = context.object.programs.find((program) => program.name === name);
  const names = context.object.programs.map((program) => program.name);
  if (!found)
    wrong(
      context,
      written.span,
      `${context.object.name} has no program '${name}'`,
      didYouMean(name, names, "programs"),
    );
  else if (found.type !== undefined && found.type !== type)
    wrong(context, written.span, `'${name}' is a ${found.type} program; ${type} is needed here`);
  else return name;
  return undefined;
}

/** An interface of the host that the program is attached to. */
export function planDevice(context: PlanContext, written: Written): string | undefined {
  const dev = textOf(context, written, "the name of an interface");
  if (dev === undefined) return undefined;
  const { attach, hosts } = context.topology;
  const devs = hosts.find(({ name }) => name === attach.host)?.interfaces.map((each) => each.dev) ?? [];
  if (devs.includes(dev) || dev === "lo") return dev;
  wrong(context, written.span, `host '${attach.host}' has no interface '${dev}'`, didYouMean(dev, devs, "interfaces"));
  return undefined;
}

function textOf(context: PlanContext, written: Written, what: string): string | undefined {
  if (written.kind === "scalar" && typeof written.value === "string") return written.value;
  wrong(context, written.span, `${what} is expected here`);
  return undefined;
}
