import { backendNames } from "../model/backend.js";
import type { SendSource, Step } from "../model/scenario.js";
import { http, ping, run } from "./clients.js";
import { contextValues } from "./context.js";
import { type Invalid, type Report, invalid, located } from "./decoder.js";
import { expectNothing, expectation } from "./expect.js";
import { mapContents, mapKeys } from "./map-setup.js";
import { type MapNode, type Node, entryOf } from "./node.js";
import { type Fields, type ObjectOf, type OtherKeys, defaulted, object, optional, required } from "./object.js";
import { knownPlace } from "./places.js";
import { podAddresses } from "./policies.js";
import { boolean, integer, longTime, oneOf, word } from "./scalars.js";
import { property } from "./property.js";
import { packetsToSend } from "./send.js";
import { meanwhile, swap } from "./swap.js";
import { tcp } from "./tcp.js";
import type { World } from "./world.js";

/** All keys of a step by the action they belong to; `name` and `expect` go with any. */
export function stepFields(world: World) {
  const { topology } = world;
  return {
    common: {
      name: optional(word("a name"), "what the step is called in messages", "the reply comes back"),
      expect: defaulted(
        expectation(world),
        expectNothing,
        "what has to be true after the step; what is not named is not looked at",
        {
          verdict: "XDP_DROP",
        },
      ),
    },
    send: {
      send: required(packetsToSend, "packets to put through the program", ["eth", "ipv4", { udp: { dport: 53 } }]),
      from: optional(
        located(knownPlace(topology)),
        "the interface that they are sent from, as host:dev",
        "client:eth0",
      ),
      times: defaulted(integer(1, 10_000_000), 1, "how many times each packet is sent; 1 by default", 100),
      senders: defaulted(integer(1, 1024), 1, "how many CPUs send at once, sharing `times`; 1 by default", 2),
      context: defaulted(contextValues(world), {}, "fields of the program's context before it runs", { mark: 5 }),
      meanwhile: optional(meanwhile, "what happens while the packets go: the program is replaced", {
        swap: { program: "xdp_next.bpf.c", times: 100 },
      }),
      sweep: optional(
        oneOf("a sweep", {
          truncate: "every prefix of the packet, from the shortest that all backends take to the whole",
          bits: "the packet with each of its bits turned round",
        }),
        "many packets instead of each one",
        "truncate",
      ),
      truncate: optional(integer(0, 65_535, "a size in bytes"), "cut each packet off after so many bytes", 20),
    },
    property: {
      property: required(property, "packets that are drawn, each of which has to be as `expect` says", {
        runs: 1000,
        generate: { ipv4: "any", tcp: "any" },
      }),
    },
    ping: { ping: required(ping(topology), "echo requests from one host to another", { to: "10.0.0.2" }) },
    http: { http: required(http(topology), "HTTP requests from a host", { url: "http://10.0.0.5/" }) },
    run: {
      run: required(run(topology), "a command in a host", { host: "client", command: ["nc", "-z", "10.0.0.2", "80"] }),
    },
    wait: {
      wait: required(
        located(word("the name of a command in the background")),
        "the end of a command that runs in the background",
        "load",
      ),
    },
    tcp: { tcp: required(tcp, "a TCP connection", { from: "client", to: "10.0.0.2:80", send: "hello" }) },
    maps: {
      update: defaulted(mapContents, [], "map entries to set, as user space would", {
        blocked: [{ key: "10.0.0.1", value: 1 }],
      }),
      delete: defaulted(mapKeys, [], "map entries to delete, as user space would", { blocked: ["10.0.0.1"] }),
      pods: defaulted(podAddresses, [], "pods that have other addresses from now on", { web: ["10.0.1.9"] }),
    },
    unload: { unload: required(boolean, "true: detach the program and close its maps; what is pinned stays", true) },
    swap: { swap: required(swap, "replaces the program under test atomically, with its maps", "xdp_next.bpf.c") },
    clock: {
      clock: required(
        longTime,
        "time passes: timers that are due fire, and what is measured by the clock grows",
        "30s",
      ),
    },
    expect: {},
  };
}

type StepFields = ReturnType<typeof stepFields>;
type Action = Exclude<keyof StepFields, "common">;

/** Decodes the mapping that is a step, or the part of a case that is its only step. */
export interface StepReader {
  /** All keys that a step can have. */
  readonly keys: readonly string[];
  /** `what` names the mapping in messages: a step, or a case. */
  read(node: MapNode, label: string, report: Report, what: string): Step | Invalid;
}

export function stepReader(world: World): StepReader {
  const fields = stepFields(world);
  const actionOf = new Map(
    (Object.keys(fields) as (keyof StepFields)[]).flatMap((action) =>
      action === "common" ? [] : Object.keys(fields[action]).map((key): [string, Action] => [key, action]),
    ),
  );
  const allKeys = [...actionOf.keys(), ...Object.keys(fields.common)];

  return {
    keys: allKeys,
    read(node, label, report, what) {
      const action = chosenAction(node, actionOf, report);
      if (action === invalid) return invalid;
      const others: OtherKeys = {
        reason: (key) => (actionOf.has(key) ? `'${key}' goes with '${actionOf.get(key)}'` : undefined),
        alsoMeant: allKeys,
      };
      const decode = <F extends Fields>(own: F) =>
        object(what, { ...fields.common, ...own }, others).decode(node, report);
      const step = toStep(action, { fields, decode }, { label, node, report });
      const expected = entryOf(node, "expect")?.value;
      if (action === "send") return refuseInvariants(expected, report) === invalid ? invalid : step;
      const refuse = action === "property" ? refuseState : refusePackets;
      return refuse(expected, report) === invalid ? invalid : step;
    },
  };
}

/** What is expected of packets, where a step has none, would never be looked at. */
const ofPackets: readonly string[] = [
  "verdict",
  "packet",
  "unchanged",
  "redirect",
  "context",
  "frames",
  "path",
  "invariant",
  "same-as",
];

/** What is expected of all packets that there could be. */
const ofProperties: readonly string[] = ["invariant", "same-as"];

/** All that is looked at where packets are drawn, for each of them. */
const ofDrawnPackets: readonly string[] = ["verdict", "packet", "unchanged", ...ofProperties];

function refuseState(expected: Node | undefined, report: Report): Invalid | undefined {
  if (expected?.kind !== "map") return undefined;
  const found = expected.entries.map(({ key, keySpan }) =>
    ofDrawnPackets.includes(key)
      ? undefined
      : report(
          keySpan,
          `'${key}' is not looked at where packets are drawn`,
          `known here: ${ofDrawnPackets.join(", ")}`,
        ),
  );
  return found.includes(invalid) ? invalid : undefined;
}

function refuseInvariants(expected: Node | undefined, report: Report): Invalid | undefined {
  if (expected?.kind !== "map") return undefined;
  const wrong = expected.entries.find(({ key }) => ofProperties.includes(key));
  return wrong && report(wrong.keySpan, `'${wrong.key}' is about packets that are drawn`, "say which with 'property:'");
}

function refusePackets(expected: Node | undefined, report: Report): Invalid | undefined {
  if (expected?.kind !== "map") return undefined;
  const found = expected.entries.map(({ key, keySpan, value }) => {
    if ((backendNames as readonly string[]).includes(key)) return refusePackets(value, report);
    if (!ofPackets.includes(key)) return undefined;
    return report(keySpan, `'${key}' is about packets, and this step sends none`, "put it into a step with 'send:'");
  });
  return found.includes(invalid) ? invalid : undefined;
}

interface Source {
  readonly fields: StepFields;
  readonly decode: <F extends Fields>(own: F) => ObjectOf<F & StepFields["common"]> | Invalid;
}

interface At {
  readonly label: string;
  readonly node: Node;
  readonly report: Report;
}

const actionKeys: readonly string[] = [
  "send",
  "property",
  "ping",
  "http",
  "run",
  "wait",
  "tcp",
  "update",
  "delete",
  "pods",
  "unload",
  "clock",
  "swap",
];

/** A step does one thing; without any it only looks. */
function chosenAction(node: MapNode, actionOf: ReadonlyMap<string, Action>, report: Report): Action | Invalid {
  const keys = node.entries.filter(({ key }) => actionKeys.includes(key));
  const [first] = keys;
  if (!first) return "expect";
  const action = actionOf.get(first.key)!;
  const second = keys.find(({ key }) => actionOf.get(key) !== action);
  if (!second) return action;
  return report(
    second.keySpan,
    `a step does one thing, and this one does '${first.key}'`,
    `put '${second.key}' into a step of its own, under 'steps:'`,
  );
}

function toStep(action: Action, { fields, decode }: Source, at: At): Step | Invalid {
  switch (action) {
    case "send": {
      const found = decode(fields.send);
      return found === invalid ? invalid : sendStep(found, at);
    }
    case "property": {
      const found = decode(fields.property);
      return found === invalid ? invalid : propertyStep(found, at);
    }
    case "ping": {
      const found = decode(fields.ping);
      return found === invalid ? invalid : { ...base(found, at), ...found.ping };
    }
    case "http": {
      const found = decode(fields.http);
      return found === invalid ? invalid : { ...base(found, at), ...found.http };
    }
    case "run": {
      const found = decode(fields.run);
      return found === invalid ? invalid : { ...base(found, at), ...found.run };
    }
    case "wait": {
      const found = decode(fields.wait);
      return found === invalid ? invalid : { ...base(found, at), kind: "wait", command: found.wait };
    }
    case "tcp": {
      const found = decode(fields.tcp);
      return found === invalid ? invalid : { ...base(found, at), ...found.tcp };
    }
    case "maps": {
      const found = decode(fields.maps);
      if (found === invalid) return invalid;
      return { ...base(found, at), kind: "maps", set: found.update, delete: found.delete, pods: found.pods };
    }
    case "unload": {
      const found = decode(fields.unload);
      if (found === invalid) return invalid;
      if (!found.unload) return at.report(at.node.span, "'unload' can only be true", "leave it out otherwise");
      return { ...base(found, at), kind: "unload" };
    }
    case "swap": {
      const found = decode(fields.swap);
      return found === invalid ? invalid : { ...base(found, at), kind: "swap", swap: found.swap };
    }
    case "clock": {
      const found = decode(fields.clock);
      return found === invalid ? invalid : { ...base(found, at), kind: "clock", advanceMs: found.clock };
    }
    case "expect": {
      const found = decode(fields.expect);
      return found === invalid ? invalid : { ...base(found, at), kind: "expect" };
    }
  }
}

function base(found: ObjectOf<StepFields["common"]>, { label, node }: At) {
  return { label: found.name ?? label, span: node.span, expect: found.expect };
}

function sendStep(found: ObjectOf<StepFields["common"] & StepFields["send"]>, at: At): Step | Invalid {
  const { send, from, times, senders, context, meanwhile, truncate, sweep } = found;
  const whole = send.find((source) => source.kind !== "layers");
  if (truncate !== undefined && whole) {
    return at.report(whole.span, "'truncate' cuts packets that are given as layers, and this one is not");
  }
  const packets = send.map((source): SendSource => {
    return source.kind === "layers" ? { ...source, truncateBytes: truncate } : source;
  });
  return {
    ...base(found, at),
    kind: "send",
    packets,
    from,
    times,
    senders,
    context,
    meanwhile,
    ...(sweep && { sweep }),
  };
}

function propertyStep(found: ObjectOf<StepFields["common"] & StepFields["property"]>, at: At): Step {
  const { runs, generate, packets, update, clock } = found.property;
  const clockNs = BigInt(Math.round((clock ?? 0) * 1_000_000));
  return { ...base(found, at), kind: "property", runs, generate, packets, update, clockNs };
}
