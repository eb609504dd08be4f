import type { ScriptedCall, ScriptedHelper } from "../model/scenario.js";
import { type Decoder, byKind, invalid, list, listOrOne, mistyped, refined, written } from "./decoder.js";
import { object, defaulted, record, required } from "./object.js";

/** A return value: 64 bits, signed or not. */
const returned: Decoder<bigint> = {
  decode(node, report) {
    const value = node.kind === "scalar" ? node.value : undefined;
    const isWhole = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    if (!isWhole)
      return mistyped(node, "a return value (a whole number)", report, "an error is negative: -2 is ENOENT");
    const number = BigInt(value);
    return number >= -(2n ** 63n) && number < 2n ** 64n ? number : report(node.span, "r0 has 64 bits");
  },
  schema: () => ({ type: "integer" }),
};

const writes = refined(
  record("values by parameter", written({ description: "a struct's members, or bytes as hex" })),
  (all) => all.map(({ key, keySpan, value }) => ({ key, keySpan, value })),
);

/** `{returns: [7, 9]}` is two calls. */
const described: Decoder<readonly ScriptedCall[]> = refined(
  object("a scripted call", {
    returns: required(listOrOne(returned), "what the call returns; a list: call by call", 0),
    writes: defaulted(writes, [], "what it writes, by parameter", { params: { ifindex: 2 } }),
  }),
  ({ returns, writes }) => returns.map((value) => ({ returns: value, writes })),
);

/** `real`, or the number that is returned. */
const plain: Decoder<readonly ScriptedCall[]> = {
  decode(node, report) {
    if (node.kind === "scalar" && node.value === "real") return ["real"];
    const value = returned.decode(node, report);
    return value === invalid ? invalid : [{ returns: value, writes: [] }];
  },
  schema: () => ({ type: ["integer", "string"], description: "a return value, or `real`: the helper does its work" }),
};

const call = byKind("a return value, 'real', or {returns: …, writes: …}", { scalar: plain, map: described });

const calls = byKind("what the helper does, call by call", {
  scalar: plain,
  map: described,
  list: refined(list(call), (each) => each.flat()),
});

/** What helpers do instead of their work, by name. */
export const scriptedHelpers: Decoder<readonly ScriptedHelper[]> = refined(
  record("scripted calls by helper", calls),
  (helpers, _, report) => {
    const empty = helpers.find(({ decoded }) => decoded.length === 0);
    if (empty) return report(empty.keySpan, `'${empty.key}' has no calls`, "leave it out: it then does its work");
    return helpers.map(({ key, keySpan, decoded }) => ({ name: { value: key, span: keySpan }, calls: decoded }));
  },
);
