import { helperParameters } from "../isa/helper-parameters.js";
import { encodeData } from "../data/encode.js";
import type { DataType } from "../model/object.js";
import type { PlannedHelper, PlannedWrite } from "../model/plan.js";
import type { ScriptedHelper, Written, WrittenEntry } from "../model/scenario.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";
import { checkHelper } from "./cost.js";

/** What helpers fill, by helper and parameter: a struct of include/uapi/linux/bpf.h, or a number of so many bytes. */
const filled: Readonly<Record<string, string | 4 | 8>> = {
  "bpf_fib_lookup params": "bpf_fib_lookup",
  "bpf_skb_get_tunnel_key key_out": "bpf_tunnel_key",
  "bpf_skb_get_xfrm_state xfrm_state": "bpf_xfrm_state",
  "bpf_get_ns_current_pid_tgid nsdata": "bpf_pidns_info",
  "bpf_perf_event_read_value buf": "bpf_perf_event_value",
  "bpf_perf_prog_read_value buf": "bpf_perf_event_value",
  "bpf_check_mtu mtu_len": 4,
  "bpf_strtol res": 8,
  "bpf_strtoul res": 8,
};

/** Helpers of a case with what they write as bytes. */
export function planHelpers(context: PlanContext, helpers: readonly ScriptedHelper[]): readonly PlannedHelper[] {
  return helpers.flatMap(({ name: { value: name, span }, calls }) => {
    if (!checkHelper(context, name, span)) return [];
    if (name === "bpf_tail_call") {
      wrong(context, span, "bpf_tail_call cannot be scripted", "put the program into the map, or leave the slot empty");
      return [];
    }
    return [
      {
        name,
        calls: calls.map((call) => {
          if (call === "real") return call;
          return { returns: call.returns, writes: call.writes.flatMap((each) => planWrite(context, name, each)) };
        }),
      },
    ];
  });
}

function planWrite(context: PlanContext, helper: string, { key, keySpan, value }: WrittenEntry): PlannedWrite[] {
  const declared = context.object.kernelFunctions.find(({ name }) => name === helper);
  const parameters = declared?.parameters.map(({ name }) => name) ?? helperParameters(helper);
  const argument = parameters.indexOf(key) + 1;
  if (argument === 0) {
    wrong(context, keySpan, `${helper} has no parameter '${key}'`, didYouMean(key, parameters, "parameters"));
    return [];
  }
  const hex = hexOf(value);
  if (hex) return [{ argument, bytes: hex, mask: new Uint8Array(hex.length).fill(0xff) }];
  const type = declared ? declared.parameters[argument - 1]!.pointsTo : typeOf(context, helper, key);
  if (!type) {
    wrong(
      context,
      value.span,
      `the object's BTF does not say what '${key}' of ${helper} points to`,
      'write bytes as hex in quotes: "0x0102"',
    );
    return [];
  }
  // A member that is not written keeps what the program had there: what both fillings agree on is written.
  const encode = (filling: number) =>
    context.problems.attempt(
      () => encodeData(type, type.sizeBytes, value, new Uint8Array(type.sizeBytes).fill(filling)),
      { span: value.span },
    );
  const [bytes, other] = [encode(0), encode(0xff)];
  if (!bytes || !other) return [];
  return [{ argument, bytes, mask: bytes.map((byte, i) => ~(byte ^ other[i]!)) }];
}

/** Bytes that are written as a text of hex digits. */
function hexOf(value: Written): Uint8Array | undefined {
  const text = value.kind === "scalar" && typeof value.value === "string" ? value.value : "";
  const digits = /^(0x)?((?:[0-9a-f]{2})+)$/i.exec(text)?.[2];
  return digits === undefined ? undefined : Uint8Array.from(digits.match(/../g)!, (byte) => Number.parseInt(byte, 16));
}

function typeOf({ object }: PlanContext, helper: string, parameter: string): DataType | undefined {
  const what = filled[`${helper} ${parameter}`];
  if (typeof what !== "number") return object.structs.find(({ kind, name }) => kind === "struct" && name === what);
  return { kind: "int", name: "", sizeBytes: what, signed: false, encoding: "integer", bigEndian: false };
}
