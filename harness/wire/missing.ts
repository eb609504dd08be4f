import type { Plan, PlannedSend, PlannedStep } from "../model/plan.js";
import { isSocketMapHook, isDeviceHook } from "../model/hook.js";
import { formatPlace, type Topology } from "../model/topology.js";
import { missingFeatures } from "./kernel-features.js";
import { missingOfCost, missingOfHelpers } from "../model/missing.js";
import { expectationsOn } from "../model/expectations.js";
import { missingClock, missingUptime } from "../model/missing.js";
import { findCommand } from "../../netns/find-command.js";
import { interfaceAt } from "../model/segments.js";
import { hasCgroups, isCgroupHook } from "./attach/cgroup.js";
import { longestFrameBytes, shortestFrameBytes } from "./port/port.js";
import { isVisibleVerdict } from "./verdict.js";

/** What of a plan cannot be done or seen on real interfaces, by name; nothing where all can. */
export function missingFor(plan: Plan): readonly string[] {
  // A load that has to fail needs no interface.
  if (plan.load.fails) return [];
  const missing = plan.uptimeMs === undefined ? [] : [missingUptime];
  missing.push(...missingFeatures(plan.needs ?? []), ...missingCommands(plan));
  missing.push(...plan.steps.flatMap((step) => [...missingForStep(step, plan.topology)]));
  if (isCgroupHook(plan.hook)) {
    if (!hasCgroups()) missing.unshift("a cgroup version 2 hierarchy");
    if (plan.steps.some(({ kind }) => kind === "send"))
      missing.unshift(`frames for ${plan.hook}, which sees those of processes only`);
  } else if (isSocketMapHook(plan.hook)) {
    if (plan.steps.some(({ kind }) => kind === "send"))
      missing.unshift(`frames for ${plan.hook}, which sees sockets only`);
  } else if (!isDeviceHook(plan.hook)) missing.unshift(`an interface to attach ${plan.hook} to`);
  for (const { hook } of [...plan.attach, ...plan.objects.flatMap(({ attach }) => attach)]) {
    if (isCgroupHook(hook) && !hasCgroups()) missing.unshift("a cgroup version 2 hierarchy");
    if (!isCgroupHook(hook) && !isDeviceHook(hook) && !isSocketMapHook(hook))
      missing.unshift(`an interface to attach ${hook} to`);
  }
  return [...new Set([...missingOfHelpers("wire", plan), ...missing])];
}

/** Debian's packages of what scenarios run, where they are called otherwise. */
const packages: Readonly<Record<string, string>> = {
  dnsmasq: "dnsmasq-base",
  ip6tables: "iptables",
  nft: "nftables",
  nginx: "nginx-light",
  sysctl: "procps",
};

/** Programs that services and steps run and this machine does not have; those with a path are the scenario's own. */
function* missingCommands({ services, steps }: Plan): Generator<string> {
  const commands = [...services, ...steps.filter((step) => step.kind === "run")].map(
    ({ command }) => command.value[0]!,
  );
  for (const name of commands)
    if (!name.includes("/") && !findCommand(name)) yield `${name} (apt-get install ${packages[name] ?? name})`;
}

function* missingForStep(step: PlannedStep, topology: Topology): Generator<string> {
  if (step.kind === "send") yield* missingForSend(step, topology);
  if (step.kind === "clock") yield missingClock;
  if (step.kind === "property") yield "packets that are drawn (property:): backends sim and kernel have them";
  if (step.kind === "ping" && !findCommand("ping")) yield "ping (apt-get install iputils-ping)";
  if (step.kind === "http" && !findCommand("curl")) yield "curl (apt-get install curl)";
  for (const expectation of expectationsOn("wire", step.expect)) {
    const { context, verdict, frames, path = [] } = expectation;
    yield* missingOfCost("wire", expectation);
    for (const name of Object.keys(context)) yield `context field ${name} after the program`;
    if (verdict && !verdict.value.some(isVisibleVerdict)) yield `verdict ${verdict.value.join(" or ")}`;
    for (const { at, hook } of path)
      if (hook)
        yield `what the program at ${formatPlace(at.value)} ${hook.value} does (path): only backend sim sees it`;
    if (step.kind !== "send" && frames.length > 0) yield `frames of a ${step.kind} step`;
  }
}

function* missingForSend(step: PlannedSend, topology: Topology): Generator<string> {
  for (const name of Object.keys(step.context)) yield `context field ${name} before the program`;
  const from = interfaceAt(topology, step.from);
  for (const { linkType, bytes } of step.packets) {
    if (linkType !== "ethernet") yield "packets without an Ethernet header";
    else if (bytes.length < shortestFrameBytes) yield `frames shorter than ${shortestFrameBytes} bytes`;
    else if (from && bytes.length > longestFrameBytes(from.mtuBytes, bytes))
      yield `a frame of ${bytes.length} bytes over ${formatPlace(step.from)} (MTU ${from.mtuBytes})`;
  }
}
