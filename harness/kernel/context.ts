import { release } from "node:os";
import { harnessError } from "../model/error.js";
import type { ProgramType } from "../model/hook.js";
import { ipSummed } from "../model/ip-summed.js";
import type { FieldValue, Packet } from "../model/packet.js";
import { flowKeys, flowKeysBytes, readFlowKeys, type FlowKey } from "../packet/flow-keys.js";
import { lookupFieldsOf } from "../packet/lookup-fields.js";

/** A member of a context structure of include/uapi/linux/bpf.h. */
interface Member {
  readonly offset: number;
  readonly kind: FlowKey["kind"] | "u64" | "words";
  /** Whether net/bpf/test_run.c takes it from what goes in, and whether it fills it in what comes out. */
  readonly set: boolean;
  readonly get: boolean;
}

interface Layout {
  readonly struct: string;
  readonly sizeBytes: number;
  readonly members: Readonly<Record<string, Member>>;
}

const inAndOut = { set: true, get: true };
const outOnly = { set: false, get: true };
const inOnly = { set: true, get: false };

/** convert___skb_to_skb() and convert_skb_to___skb(): any other member has to be zero, and comes out as zero. */
const skb: Layout = {
  struct: "__sk_buff",
  sizeBytes: 192,
  members: {
    mark: { offset: 8, kind: "u32", ...inAndOut },
    priority: { offset: 32, kind: "u32", ...inAndOut },
    ingress_ifindex: { offset: 36, kind: "u32", ...inAndOut },
    ifindex: { offset: 40, kind: "u32", ...inAndOut },
    cb: { offset: 48, kind: "words", ...inAndOut },
    tstamp: { offset: 152, kind: "u64", ...inAndOut },
    wire_len: { offset: 160, kind: "u32", ...inAndOut },
    gso_segs: { offset: 164, kind: "u32", ...inAndOut },
    gso_size: { offset: 176, kind: "u32", ...inOnly },
    hwtstamp: { offset: 184, kind: "u64", ...inAndOut },
  },
};

/** xdp_convert_md_to_buff(); metadata is handled apart, since its bytes travel in front of the packet. */
const xdp: Layout = {
  struct: "xdp_md",
  sizeBytes: 24,
  members: {
    data: { offset: 0, kind: "u32", ...inAndOut },
    data_end: { offset: 4, kind: "u32", ...inAndOut },
    ingress_ifindex: { offset: 12, kind: "u32", ...inAndOut },
    rx_queue_index: { offset: 16, kind: "u32", ...inAndOut },
  },
};

/** bpf_prog_test_run_sk_lookup(): ports are numbers here, whatever their byte order there. */
const skLookup: Layout = {
  struct: "bpf_sk_lookup",
  sizeBytes: 72,
  members: {
    family: { offset: 8, kind: "u32", ...inOnly },
    protocol: { offset: 12, kind: "u32", ...inOnly },
    remote_ip4: { offset: 16, kind: "ipv4", ...inOnly },
    remote_ip6: { offset: 20, kind: "ipv6", ...inOnly },
    remote_port: { offset: 36, kind: "be16", ...inOnly },
    local_ip4: { offset: 40, kind: "ipv4", ...inOnly },
    local_ip6: { offset: 44, kind: "ipv6", ...inOnly },
    local_port: { offset: 60, kind: "u32", ...inOnly },
    ingress_ifindex: { offset: 64, kind: "u32", ...inOnly },
  },
};

/** bpf_prog_test_run_flow_dissector(): the keys come out in place of the packet; `flags` alone may go in. */
const flowKeyLayout: Layout = {
  struct: "bpf_flow_keys",
  sizeBytes: flowKeysBytes,
  members: Object.fromEntries(
    Object.entries(flowKeys).map(([name, key]) => [name, { ...key, ...(name === "flags" ? inAndOut : outOnly) }]),
  ),
};

/** All four, for the test that holds them against the kernel's headers. */
export const layouts: readonly Layout[] = [skb, xdp, skLookup, flowKeyLayout];

type Fields = Readonly<Record<string, FieldValue>>;

/** Bytes in front of the packet that only XDP programs know of; scenarios write them as `data_meta`. */
const metadata = "data_meta";

/** BPF_F_TEST_SKB_CHECKSUM_COMPLETE: the packet comes with the sum of its bytes, which has to be right afterwards. */
const checksumComplete = 4;

/** Why a test run cannot set these fields, or show those, by name; empty where it can. */
export function missingContext(type: ProgramType, given: Fields, get: readonly string[]): string[] {
  const { struct, members } = layoutOf(type);
  const { ip_summed: checksum = ipSummed.none, ...others } = given;
  const set = Object.keys(others);
  if (checksum !== ipSummed.none && checksum !== ipSummed.complete)
    return ["a test run's packet has no checksum (ip_summed: none) or the sum of its bytes (complete)"];
  if (checksum === ipSummed.complete && !isLinux(6, 11)) return ["a test run sets ip_summed from Linux 6.11 on"];
  const known = (name: string, way: "set" | "get"): boolean =>
    (type === "xdp" && name === metadata) || members[name]?.[way] === true;
  if (type === "xdp" && set.includes("data_end") && !isLinux(6, 18))
    return ["a test run sets xdp_md.data_end from Linux 6.18 on"];
  return [
    ...set.filter((name) => !known(name, "set")).map((name) => `a test run cannot set ${struct}.${name}`),
    ...get.filter((name) => !known(name, "get")).map((name) => `a test run does not show ${struct}.${name}`),
  ];
}

/** Whether this is Linux of this version, or a later one. */
function isLinux(major: number, minor: number): boolean {
  const [first = 0, second = 0] = release().split(".").map(Number.parseFloat);
  return first > major || (first === major && second >= minor);
}

export interface TestRunInputs {
  readonly data: Uint8Array;
  readonly context: Uint8Array | undefined;
  /** BPF_F_TEST_*; absent: none. */
  readonly flags?: number;
}

/**
 * What goes into a test run. XDP programs always get a context, for without one nothing would tell metadata that the
 * program made from the packet that it stands in front of; a socket lookup is all context.
 */
export function testRunInputs(type: ProgramType, packet: Packet, bytes: Uint8Array, fields: Fields): TestRunInputs {
  const layout = layoutOf(type);
  if (type === "xdp") {
    const front = fields[metadata];
    const meta = front instanceof Uint8Array ? front : new Uint8Array(0);
    const data = meta.length === 0 ? bytes : concatenated(meta, bytes);
    const linearBytes = Number(fields["data_end"] ?? bytes.length);
    const context = encode(layout, { ...fields, data: meta.length, data_end: meta.length + linearBytes });
    return { data, context };
  }
  if (type === "sk_lookup")
    return { data: new Uint8Array(0), context: encode(layout, { ...lookupFieldsOf(packet), ...fields }) };
  const { ip_summed: checksum, ...members } = fields;
  const context = Object.keys(members).length > 0 ? encode(layout, members) : undefined;
  return { data: bytes, context, flags: checksum === ipSummed.complete ? checksumComplete : 0 };
}

export interface TestRunOutputs {
  /** Undefined where no packet comes out: flow dissectors give keys, socket lookups nothing. */
  readonly bytes: Uint8Array | undefined;
  readonly fields: Fields;
}

/** What came out of a test run, as views of `data` and `context`. */
export function testRunOutputs(type: ProgramType, data: Uint8Array, context: Uint8Array): TestRunOutputs {
  const layout = layoutOf(type);
  if (type === "flow_dissector") return { bytes: undefined, fields: readFlowKeys(data) };
  if (type === "sk_lookup") return { bytes: undefined, fields: {} };
  if (context.length === 0) return { bytes: data, fields: {} };
  const fields = decode(layout, context);
  if (type !== "xdp") return { bytes: data, fields };
  const { data: start, data_end: end, ...others } = fields;
  const metaBytes = Number(start);
  const linear = { [metadata]: data.slice(0, metaBytes), data_end: Number(end) - metaBytes };
  return { bytes: data.subarray(metaBytes), fields: { ...others, ...linear } };
}

/** An empty context of a type, so that one comes out. */
export function emptyFields(type: ProgramType): Fields {
  return type === "flow_dissector" || type === "sk_lookup" || type === "xdp" ? {} : { mark: 0 };
}

function layoutOf(type: ProgramType): Layout {
  if (type === "xdp") return xdp;
  if (type === "sk_lookup") return skLookup;
  return type === "flow_dissector" ? flowKeyLayout : skb;
}

function encode({ struct, sizeBytes, members }: Layout, fields: Fields): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(fields)) {
    if (name === metadata) continue;
    const member = members[name];
    if (!member?.set) throw harnessError("unsupported", `a test run cannot set ${struct}.${name}`);
    put(view, member, value);
  }
  return bytes;
}

function put(view: DataView, { offset, kind }: Member, value: FieldValue): void {
  if (value instanceof Uint8Array) return new Uint8Array(view.buffer).set(value, offset);
  if (Array.isArray(value)) return value.forEach((word, i) => view.setUint32(offset + 4 * i, Number(word), true));
  const number = BigInt(value as number | bigint);
  if (kind === "u64") view.setBigUint64(offset, number, true);
  else if (kind === "be16") view.setUint16(offset, Number(number), false);
  else view.setUint32(offset, Number(number), kind !== "be32");
}

function decode({ members }: Layout, bytes: Uint8Array): Record<string, FieldValue> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields: Record<string, FieldValue> = {};
  for (const [name, member] of Object.entries(members)) if (member.get) fields[name] = take(view, member);
  return fields;
}

/** Of the structures that come out as a context. */
function take(view: DataView, { offset, kind }: Member): FieldValue {
  if (kind === "words") return Array.from({ length: 5 }, (_, i) => view.getUint32(offset + 4 * i, true));
  return kind === "u64" ? exact(view.getBigUint64(offset, true)) : view.getUint32(offset, true);
}

/** Numbers are numbers up to 53 bits (model/packet.ts). */
function exact(value: bigint): FieldValue {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
