import type { Btf } from "./btf.js";
import type { CoreRelocation } from "./btf-ext.js";
import {
  areTypesCompatible,
  essentialName,
  isComposite,
  type KernelTypes,
  localSpec,
  matchSpec,
  memberOf,
  sizeOf,
  type CoreSpec,
} from "./core-types.js";

/** enum bpf_core_relo_kind of include/uapi/linux/bpf.h. */
export const coreKind = {
  fieldByteOffset: 0,
  fieldByteSize: 1,
  fieldExists: 2,
  fieldSigned: 3,
  fieldLeftShift: 4,
  fieldRightShift: 5,
  typeIdLocal: 6,
  typeIdTarget: 7,
  typeExists: 8,
  typeSize: 9,
  enumeratorExists: 10,
  enumeratorValue: 11,
  typeMatches: 12,
} as const;

/** What belongs into an instruction. */
export interface CoreValue {
  readonly value: bigint;
  /** Bytes that an access to the field has to have: undefined where the instruction's own stay. */
  readonly accessBytes?: number;
}

/** `keep`: the program's own types decide; `missing`: the kernel has nothing of the kind. */
export type CoreAnswer = CoreValue | "keep" | "missing";

/**
 * What a CO-RE relocation comes to with the types of a kernel, as libbpf has it (bpf_core_calc_relo_insn() of
 * tools/lib/bpf/relo_core.c). Of several types of a name the first that fits is taken.
 */
export function resolveCoreRelocation(local: Btf, relocation: CoreRelocation, kernel: KernelTypes): CoreAnswer {
  const { kind, type: root } = relocation;
  if (kind === coreKind.typeIdLocal || kind > coreKind.enumeratorValue) return "keep";
  const { type } = local.skipModifiers(root);
  // Types without a name are nobody's but the program's.
  const named = local.type(root).name === "" ? type : local.type(root);
  if (named.name === "") return "missing";
  if (kind === coreKind.enumeratorExists || kind === coreKind.enumeratorValue)
    return enumerator(local, relocation, kernel);
  const candidates = kernel.candidates(named);
  if (kind >= coreKind.typeIdTarget) {
    const found = candidates.find((id) => areTypesCompatible(local, root, kernel.btf, id));
    if (kind === coreKind.typeIdTarget) return { value: BigInt(found ?? 0) };
    if (kind === coreKind.typeExists) return { value: found === undefined ? 0n : 1n };
    return { value: BigInt(found === undefined ? 0 : (sizeOf(kernel.btf, found) ?? 0)) };
  }
  const spec = localSpec(local, root, relocation.access);
  if (!spec) return "missing";
  for (const id of candidates) {
    const target = matchSpec(spec, kernel.btf, id);
    if (target) return kind === coreKind.fieldExists ? { value: 1n } : field(kind, spec, target);
  }
  return kind === coreKind.fieldExists ? { value: 0n } : "missing";
}

function enumerator(local: Btf, { kind, type: root, access }: CoreRelocation, kernel: KernelTypes): CoreAnswer {
  const { type } = local.skipModifiers(root);
  const own = type.kind === "enum" ? type.values[Number(access)] : undefined;
  if (!own) return "missing";
  for (const id of kernel.candidates(local.type(root).name === "" ? type : local.type(root))) {
    const other = kernel.btf.skipModifiers(id).type;
    const found =
      other.kind === "enum" && other.values.find(({ name }) => essentialName(name) === essentialName(own.name));
    if (found) return { value: kind === coreKind.enumeratorExists ? 1n : found.value };
  }
  return kind === coreKind.enumeratorExists ? { value: 0n } : "missing";
}

/** Bytes that are loaded to get at a field. */
interface Load {
  readonly byteOffset: number;
  readonly sizeBytes: number;
  readonly fieldOffsetBits: number;
  readonly fieldBits: number;
  readonly isBitfield: boolean;
  readonly type: number;
}

/** bpf_core_calc_field_relo(). */
function field(kind: number, local: CoreSpec, target: CoreSpec): CoreAnswer {
  const load = loadOf(target);
  if (!load) return "missing";
  const { byteOffset, sizeBytes, fieldOffsetBits, fieldBits } = load;
  switch (kind) {
    case coreKind.fieldByteOffset: {
      const own = loadOf(local);
      const changes = own !== undefined && !own.isBitfield && !load.isBitfield && own.sizeBytes !== sizeBytes;
      return { value: BigInt(byteOffset), ...(changes && { accessBytes: sizeBytes }) };
    }
    case coreKind.fieldByteSize:
      return { value: BigInt(sizeBytes) };
    case coreKind.fieldSigned: {
      const { type } = target.btf.skipModifiers(load.type);
      return { value: (type.kind === "int" || type.kind === "enum") && type.signed ? 1n : 0n };
    }
    case coreKind.fieldLeftShift:
      return { value: BigInt(64 - (fieldOffsetBits + fieldBits - byteOffset * 8)) };
    default:
      return { value: BigInt(64 - fieldBits) };
  }
}

/** Undefined for what has no size, and for bit-fields that no load of 8 bytes holds. */
function loadOf(spec: CoreSpec): Load | undefined {
  const { btf, offsetBits } = spec;
  const last = spec.steps.at(-1)!;
  const member = memberOf(spec, last);
  const type = member?.type ?? last.type;
  let sizeBytes = sizeOf(btf, type);
  if (sizeBytes === undefined) return undefined;
  const own = isComposite(btf.type(last.type)) ? member?.bitfieldBits : 0;
  if (!own) {
    const whole = { byteOffset: offsetBits >>> 3, sizeBytes, fieldOffsetBits: offsetBits };
    return { ...whole, fieldBits: 8 * sizeBytes, isBitfield: false, type };
  }
  const startOf = (bytes: number) => Math.floor(offsetBits / 8 / bytes) * bytes;
  while (offsetBits + own - 8 * startOf(sizeBytes) > 8 * sizeBytes) {
    if (sizeBytes >= 8) return undefined;
    sizeBytes *= 2;
  }
  return {
    byteOffset: startOf(sizeBytes),
    sizeBytes,
    fieldOffsetBits: offsetBits,
    fieldBits: own,
    isBitfield: true,
    type,
  };
}
