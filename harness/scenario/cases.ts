import { backendNames, type BackendName } from "../model/backend.js";
import { kernelFeatures } from "../model/kernel-feature.js";
import type { Case, Step } from "../model/scenario.js";
import { backendWords, backends } from "./backends.js";
import {
  type Decoder,
  type Invalid,
  type Report,
  allOf,
  invalid,
  listOrOne,
  mistyped,
  refined,
  written,
} from "./decoder.js";
import type { Definitions, JsonSchema } from "./json-schema.js";
import { scriptedHelpers } from "./helpers.js";
import { globalValues, mapContents } from "./map-setup.js";
import { type ExpandedCase, expandMatrix } from "./matrix.js";
import { type MapNode, type Node, entryOf, headSpan } from "./node.js";
import { type Fields, defaulted, object, optional, required } from "./object.js";
import { observeDoc, observing } from "./observe.js";
import { boolean, longTime, oneOf, word } from "./scalars.js";
import { type StepReader, stepFields, stepReader } from "./steps.js";
import type { World } from "./world.js";

const reason = word("the reason");

const xfail = refined(
  object("'xfail'", {
    sim: optional(reason, `why it fails on ${backendWords.sim}`),
    kernel: optional(reason, `why it fails on ${backendWords.kernel}`),
    wire: optional(reason, `why it fails on ${backendWords.wire}`),
  }),
  (found) => {
    const reasons: Partial<Record<BackendName, string>> = {};
    for (const name of backendNames) if (found[name] !== undefined) reasons[name] = found[name];
    return reasons;
  },
);

const skipReason: Decoder<string> = {
  decode(node, report) {
    if (node.kind === "scalar" && typeof node.value === "boolean") {
      return report(node.span, "expected the reason for skipping", "for example: skip: needs an IPv6 router");
    }
    return reason.decode(node, report);
  },
  schema: (definitions) => reason.schema(definitions),
};

const caseFields = {
  name: required(word("a name"), "what the case shows, as a sentence", "a SYN from the client goes to a backend"),
  only: defaulted(boolean, false, "true: run only the cases that say so", true),
  skip: optional(skipReason, "why the case is not run", "needs an IPv6 router"),
  xfail: defaulted(
    xfail,
    {},
    "backends on which it is known to fail, each with the reason; passing is then a failure",
    {
      wire: "generic XDP drops the VLAN tag",
    },
  ),
  backends: optional(backends, "the backends it is for; absent: all that can run it", ["kernel", "wire"]),
  uptime: optional(
    longTime,
    "how long the machine has been up when the case begins, where that matters; only backend sim can choose it",
    "1h",
  ),
  needs: defaulted(
    listOrOne(oneOf("a part of the kernel that cases can need", kernelFeatures)),
    [],
    "parts of the kernel without which the case is skipped on backend wire",
    ["esp"],
  ),
  helpers: defaulted(
    scriptedHelpers,
    [],
    "helpers that do what is said here instead of their work, call by call, the last one for ever; in the simulator",
    { bpf_get_prandom_u32: [7, 9], bpf_fib_lookup: { returns: 0, writes: { params: { ifindex: 2 } } } },
  ),
  globals: defaulted(globalValues, [], "global variables, added to the scenario's and winning over them", {
    debug: true,
  }),
  observe: defaulted(observing, [], `${observeDoc}; added to the scenario's`, ["drops"]),
  maps: defaulted(mapContents, [], "map contents, added to the scenario's and winning over them", { counter: 0 }),
};

/** All cases, multiplied out by their matrices. */
export function cases(world: World, mayBeEmpty: boolean): Decoder<readonly Case[]> {
  const reader = caseReader(world, mayBeEmpty);
  return {
    decode(node, report) {
      if (node.kind !== "list") return mistyped(node, "a list of cases", report, "start each case with '- name: …'");
      const expanded = node.items.flatMap((item): readonly (ExpandedCase | Invalid)[] => {
        if (item.kind !== "map") return [mistyped(item, "a case", report, "start it with '- name: …'")];
        const copies = expandMatrix(item, report);
        return copies === invalid ? [invalid] : copies;
      });
      const copies = expanded.filter((copy): copy is ExpandedCase => copy !== invalid);
      const unique = checkNames(copies, report);
      const found = allOf(copies.map((copy) => reader.read(copy, report)));
      return unique && copies.length === expanded.length ? found : invalid;
    },
    schema: (definitions) => ({
      type: "array",
      items: definitions.refer("case", () => caseSchema(world, definitions)),
    }),
  };
}

interface CaseReader {
  read(expanded: ExpandedCase, report: Report): Case | Invalid;
}

function caseReader(world: World, mayBeEmpty: boolean): CaseReader {
  const steps = stepReader(world);
  const decoder = object("a case", caseFields, { alsoMeant: [...steps.keys, "matrix", "steps"] });
  return {
    read({ node, suffix }, report) {
      const listed = entryOf(node, "steps");
      const inline = partOf(node, (key) => key !== "name" && steps.keys.includes(key));
      const own = partOf(node, (key) => key !== "steps" && !inline.entries.some((entry) => entry.key === key));
      const found = decoder.decode(own, report);
      const idle = !listed && inline.entries.length === 0;
      // A key that is nothing here was probably meant to be what the case does.
      if (idle && !mayBeEmpty && own.entries.every(({ key }) => Object.hasOwn(caseFields, key))) {
        return report(headSpan(node), "this case does nothing", "add 'send:' and 'expect:', or 'steps:'");
      }
      const read = listed ? readSteps(listed.value, inline, steps, report) : idle ? [] : oneStep(inline, steps, report);
      if (found === invalid || read === invalid) return invalid;
      return {
        name: found.name + suffix,
        span: node.span,
        skip: found.skip,
        only: found.only,
        xfail: found.xfail,
        backends: found.backends,
        uptimeMs: found.uptime,
        needs: found.needs,
        helpers: found.helpers,
        globals: found.globals,
        maps: found.maps,
        observe: found.observe,
        steps: read,
      };
    },
  };
}

/** The one step that is written in the case itself. */
function oneStep(inline: MapNode, reader: StepReader, report: Report): readonly Step[] | Invalid {
  const step = reader.read(inline, "step 1", report, "a case");
  return step === invalid ? invalid : [step];
}

function readSteps(listed: Node, inline: MapNode, reader: StepReader, report: Report): readonly Step[] | Invalid {
  for (const { key, keySpan } of inline.entries) {
    report(keySpan, `'${key}' has no place in a case with 'steps'`, "move it into one of the steps");
  }
  if (listed.kind !== "list" || listed.items.length === 0) {
    return mistyped(listed, "a list of steps", report, "start each step with '- '");
  }
  const steps = allOf(listed.items.map((item, i) => readStep(item, i, reader, report)));
  return inline.entries.length > 0 ? invalid : steps;
}

function readStep(item: Node, index: number, reader: StepReader, report: Report): Step | Invalid {
  if (item.kind === "map" && item.entries.length > 0) return reader.read(item, `step ${index + 1}`, report, "a step");
  return mistyped(item, "a step", report, "for example: - send: [eth, ipv4, udp]");
}

function partOf(node: MapNode, belongs: (key: string) => boolean): MapNode {
  return { ...node, entries: node.entries.filter(({ key }) => belongs(key)) };
}

/** A name picks one case, on the command line and in reports. */
function checkNames(expanded: readonly ExpandedCase[], report: Report): boolean {
  const seen = new Map<string, Node>();
  let valid = true;
  for (const { node, suffix } of expanded) {
    const written = entryOf(node, "name")?.value;
    if (written?.kind !== "scalar") continue;
    const name = written.source + suffix;
    const first = seen.get(name);
    if (first) {
      report(written.span, `two cases are named '${name}', the first on line ${first.span.start.line}`);
      valid = false;
    } else seen.set(name, written);
  }
  return valid;
}

/** For editors a case is one flat mapping; which keys exclude each other is said by `parseScenario`. */
function caseSchema(world: World, definitions: Definitions): JsonSchema {
  const { common, ...actions } = stepFields(world);
  const stepKeys: Fields = Object.assign({}, ...Object.values(actions));
  const relaxed = Object.fromEntries(
    Object.entries(stepKeys).map(([key, field]) => [key, { ...field, required: false }]),
  );
  const steps = definitions.refer("step", () => object("a step", { ...common, ...relaxed }).schema(definitions));
  const matrix = {
    description:
      "values by variable name, multiplied out into cases; or a list of rows, one case each. `$name` stands for the value anywhere in the case",
    examples: [{ vlan: [10, 20] }, [{ port: 80, verdict: "XDP_DROP" }]],
  };
  return object("a case", {
    ...caseFields,
    ...relaxed,
    expect: common.expect,
    matrix: optional(written({ type: ["object", "array"] }), matrix.description, ...matrix.examples),
    steps: optional(
      written({ type: "array", items: steps }),
      "several steps; maps keep what they hold from step to step",
      [{ send: ["eth", "ipv4", "udp"] }],
    ),
  }).schema(definitions);
}
