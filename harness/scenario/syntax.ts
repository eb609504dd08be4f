import { hooks } from "../model/hook.js";
import { backends } from "./backends.js";
import { cases } from "./cases.js";
import { type Decoder, type Report, invalid, located, refined } from "./decoder.js";
import { hook } from "./hook.js";
import { globalValues, mapContents } from "./map-setup.js";
import { type Node, entryOf } from "./node.js";
import { defaulted, object, optional, record, required } from "./object.js";
import { observeDoc, observing } from "./observe.js";
import { attachments, objects } from "./programs.js";
import { regex, text, word } from "./scalars.js";
import { policies } from "./policies.js";
import { services } from "./services.js";
import { defaultTopology, topology } from "./topology.js";
import type { World } from "./world.js";

/** What a scenario's cases are checked against, as far as the file says it rightly; reports nothing. */
export function worldOf(root: Node): World {
  const silent: Report = () => invalid;
  const hookNode = entryOf(root, "hook")?.value;
  const decodedHook = hookNode && hook.decode(hookNode, silent);
  const found = decodedHook === invalid ? undefined : decodedHook;
  const written = entryOf(root, "topology")?.value;
  const net = written ? topology(found).decode(written, silent) : defaultTopology(found);
  return { hook: found, programType: found && hooks[found], topology: net === invalid ? undefined : net };
}

const load = object("'load'", {
  fails: optional(
    located(regex),
    "the verifier or libbpf has to refuse the object, with a log that matches this regular expression",
    "invalid access to packet",
  ),
});

const pinName: Decoder<string> = refined(word("a file name"), (value, node, report) =>
  /^[\w-]+$/.test(value)
    ? value
    : report(
        node.span,
        `'${value}' is not a file name for a pin`,
        "letters, digits, '_' and '-' only: it goes below the run's own bpffs",
      ),
);

/** A whole scenario file. */
export function scenarioSyntax(world: World, refused: boolean) {
  return object("the scenario", {
    name: required(word("a name"), "what the scenario shows, as a sentence", "drops every packet and counts it"),
    description: optional(text(), "more about it, for reports and readers"),
    program: required(
      located(word("a file name")),
      "the program: a .bpf.c or .o file, relative to this file or in the project's bpf/ folder",
      "xdp_drop.bpf.c",
    ),
    entry: optional(
      located(word("the name of a function")),
      "function to run, where the object has several for the hook",
      "xdp_drop",
    ),
    hook: required(located(hook), "where the program is attached", "xdp"),
    globals: defaulted(globalValues, [], "global variables by name, set before the program is loaded", { debug: true }),
    maps: defaulted(mapContents, [], "map contents before the first step, by map name", {
      blocked: [{ key: "10.0.0.1", value: 1 }],
    }),
    policies: optional(policies, "network policies as written for clusters, and the pods they are about", {
      files: ["shop.yml"],
      pods: { web: { labels: { app: "web" }, addresses: ["10.0.1.1"] } },
    }),
    pins: defaulted(
      record("file names by map name", located(pinName)),
      [],
      "maps to pin, each below the run's own bpffs",
      {
        counter: "counter",
      },
    ),
    load: optional(load, "what loading the object has to lead to; absent: it is accepted", { fails: "unbounded loop" }),
    attach: defaulted(
      attachments(world.topology),
      [],
      "further programs of the same object, which share its maps; they are attached in this order",
      [{ entry: "to_network", hook: "tc-egress", at: "dut:eth1" }],
    ),
    objects: defaulted(
      objects(world.topology),
      [],
      "further objects, or the same one again for another node, each with maps of its own, called name/map",
      { node2: { attach: [{ hook: "tc-ingress", at: "node2:eth0" }] } },
    ),
    topology: defaulted(
      topology(world.hook),
      defaultTopology(world.hook),
      "hosts and how they are joined; absent: client:eth0 and dut:eth0 on one cable",
      {
        hosts: {},
      },
    ),
    services: defaulted(services(world.topology), [], "programs that run in hosts during each case", [
      { host: "backend1", run: ["nginx", "-c", "nginx.conf"], ready: { tcp: 80 } },
    ]),
    observe: defaulted(observing, [], observeDoc, ["drops", "exec"]),
    backends: optional(backends, "the backends that this is for; absent: all that can run it", ["kernel", "wire"]),
    cases: required(cases(world, refused), "what is tried, one after the other, each with fresh maps", [
      { name: "a packet is dropped", send: ["eth", "ipv4", "udp"], expect: { verdict: "XDP_DROP" } },
    ]),
  });
}
