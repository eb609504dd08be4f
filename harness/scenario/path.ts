import { hooks, isDeviceHook, type DeviceHook, type Hook } from "../model/hook.js";
import type { HopExpectation, PacketExpectation } from "../model/scenario.js";
import { contextPatterns } from "./context.js";
import { type Decoder, type Report, invalid, list, located, refined } from "./decoder.js";
import { hook } from "./hook.js";
import { type Node, entryOf, headSpan } from "./node.js";
import { defaulted, object, optional, required } from "./object.js";
import { packetLayers } from "./packet-layers.js";
import { knownPlace } from "./places.js";
import { verdicts } from "./verdict.js";
import type { World } from "./world.js";

/** Where a packet comes by: interfaces, and programs at them. */
export function path(world: World): Decoder<readonly HopExpectation[]> {
  const hop: Decoder<HopExpectation> = {
    decode: (node, report) => hopAt(world, hookOf(node)).decode(node, report),
    schema: (definitions) => hopAt({ ...world, programType: undefined }, undefined).schema(definitions),
  };
  return refined(list(hop, "a list of hops"), (hops, node, report) =>
    hops.length > 0 ? hops : report(headSpan(node), "'path' has no hops", "name an interface: [{ at: server:eth0 }]"),
  );
}

/** Which verdicts and context fields there are depends on the hop's own hook. */
function hopAt(world: World, own: Hook | undefined): Decoder<HopExpectation> {
  const there: World = own ? { ...world, hook: own, programType: hooks[own] } : world;
  const frame = refined(packetLayers, (layers): PacketExpectation => ({ ...layers, unchanged: "any" }));
  const decoder = object("a hop", {
    at: required(located(knownPlace(world.topology)), "the interface, as host:dev", "server:eth0"),
    hook: optional(
      located(deviceHook),
      "the program there that the packet meets; absent: a frame that comes to the interface",
      "tc-ingress",
    ),
    verdict: optional(located(verdicts(there)), "what that program decided", "TC_ACT_REDIRECT"),
    context: defaulted(contextPatterns(there), {}, "fields of its context afterwards", { mark: 5 }),
    packet: optional(frame, "the packet as it comes to the interface, or as it leaves the program", {
      ipv4: { ttl: 63 },
    }),
  });
  return refined(decoder, (found, node, report) => {
    const of = (["verdict", "context"] as const).map((key) => entryOf(node, key)).find((entry) => entry !== undefined);
    if (of && !found.hook)
      return report(of.keySpan, `'${of.key}' is a program's, and this hop names none`, "say which: hook: tc-ingress");
    return { ...found, span: node.span };
  });
}

const deviceHook: Decoder<DeviceHook> = refined(hook, (found, node, report) =>
  isDeviceHook(found)
    ? found
    : report(node.span, `no packet of the network passes ${found}`, "hooks of interfaces do: xdp, tc-ingress, …"),
);

/** The hook that a hop names, if it is one; what is wrong with it is told elsewhere. */
function hookOf(node: Node): Hook | undefined {
  const written = entryOf(node, "hook")?.value;
  const silent: Report = () => invalid;
  const found = written && hook.decode(written, silent);
  return found === undefined || found === invalid ? undefined : found;
}
