import { helperParameters } from "../isa/helper-parameters.js";
import { encodeData } from "../data/encode.js";
import type { StructType } from "../model/object.js";
import type { PlannedHelper, PlannedWrite } from "../model/plan.js";
import type { ScriptedHelper, WrittenEntry } from "../model/scenario.js";
import { didYouMean, wrong, type PlanContext } from "./context.js";
import { checkHelper } from "./cost.js";

/** Structs that helpers fill, by helper and parameter. */
const structs: Readonly<Record<string, string>> = {
  "bpf_fib_lookup params": "bpf_fib_lookup",
  "bpf_skb_get_tunnel_key key_out": "bpf_tunnel_key",
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
  const parameters = helperParameters(helper);
  const argument = parameters.indexOf(key) + 1;
  if (argument === 0) {
    wrong(context, keySpan, `${helper} has no parameter '${key}'`, didYouMean(key, parameters, "parameters"));
    return [];
  }
  if (value.kind === "scalar") {
    const text = String(value.value);
    const digits = /^(0x)?((?:[0-9a-f]{2})+)$/i.exec(text)?.[2];
    if (digits === undefined) {
      wrong(
        context,
        value.span,
        "what is written is a struct's members, or bytes as hex in quotes",
        'for example: "0x0102"',
      );
      return [];
    }
    const bytes = Uint8Array.from(digits.match(/../g)!, (byte) => Number.parseInt(byte, 16));
    return [{ argument, bytes, mask: new Uint8Array(bytes.length).fill(0xff) }];
  }
  const type = structOf(context, helper, key);
  if (!type) {
    wrong(
      context,
      keySpan,
      `the object's BTF does not say what '${key}' of ${helper} points to`,
      'write bytes as hex: "0x0102"',
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

function structOf({ object }: PlanContext, helper: string, parameter: string): StructType | undefined {
  const name = structs[`${helper} ${parameter}`];
  return object.structs.find((struct) => struct.kind === "struct" && struct.name === name);
}
