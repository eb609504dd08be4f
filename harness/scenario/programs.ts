import type { AttachSpec, Located, ObjectSpec } from "../model/scenario.js";
import type { Topology } from "../model/topology.js";
import { isSocketMapHook } from "../model/hook.js";
import { entryOf } from "./node.js";
import { type Decoder, type Invalid, invalid, list, located, refined } from "./decoder.js";
import { hook } from "./hook.js";
import { globalValues, mapContents } from "./map-setup.js";
import { defaulted, object, optional, record, required } from "./object.js";
import { knownPlace } from "./places.js";
import { word } from "./scalars.js";

/** Programs and where each is attached. */
export function attachments(topology: Topology | undefined): Decoder<readonly AttachSpec[]> {
  const place = knownPlace(topology);
  const one = object("an attachment", {
    entry: optional(
      located(word("the name of a function")),
      "function to attach, where the object has several for the hook",
      "to_network",
    ),
    hook: required(located(hook), "where in the interface's path it is attached", "tc-egress"),
    at: optional(
      located(word("an interface, or a map")),
      "the interface as host:dev, for cgroups the host; for sk_msg and sk_skb the sockmap or sockhash, where the object has several",
      "dut:eth1",
    ),
  });
  const placed = refined(one, ({ entry, hook: named, at }, node, report): AttachSpec | Invalid => {
    if (isSocketMapHook(named.value)) return { entry, hook: named, at };
    const written = entryOf(node, "at")?.value;
    if (!at || !written) return report(named.span, "an attachment needs 'at'", "for example: at: dut:eth1");
    const found = place.decode(written, report);
    return found === invalid ? invalid : { entry, hook: named, at: { ...at, value: found } };
  });
  return list(placed, "a list of attachments");
}

/** What an object is, by itself: without `program` it is the scenario's own once more. */
export type WrittenObject = Omit<ObjectSpec, "program"> & { readonly program: Located<string> | undefined };

/** Further objects by names of the scenario's choice. */
export function objects(topology: Topology | undefined): Decoder<readonly WrittenObject[]> {
  const one = object("an object", {
    program: optional(
      located(word("a file name")),
      "the program's file; absent: the scenario's own once more, with maps of its own",
      "node.bpf.c",
    ),
    globals: defaulted(globalValues, [], "global variables by name, set before it is loaded", { debug: true }),
    maps: defaulted(mapContents, [], "map contents before the first step, by map name", { counter: 0 }),
    attach: required(attachments(topology), "its programs, and where they are attached", [
      { hook: "tc-ingress", at: "dut:eth1" },
    ]),
  });
  return refined(record("objects by name", located(one), nameProblem), (found, _, report) => {
    const empty = found.find(({ decoded }) => decoded.value.attach.length === 0);
    if (empty) return report(empty.keySpan, `object '${empty.key}' is attached nowhere`, "say where under 'attach:'");
    return found.map(({ key, decoded }) => ({ name: key, ...decoded.value, span: decoded.span }));
  });
}

function nameProblem(name: string): string | undefined {
  return /^\w[\w-]*$/.test(name) ? undefined : `'${name}' cannot name an object: letters, digits, '_' and '-' only`;
}
