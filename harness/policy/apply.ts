import { nearest } from "../model/nearest.js";
import { Problems } from "../model/problems.js";
import type { Case, PolicySetUp, Scenario, Step } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { type Cluster, hostIdentity, type Pod, podIdentities } from "./cluster.js";
import { type CompiledPolicies, compilePolicies } from "./compile.js";
import { formatAddress, parsePrefix, type Prefix } from "./networks.js";
import { readPolicies } from "./documents.js";
import { type IdentityTable, writeChange, writePolicies } from "./write.js";

/**
 * The scenario with its policies turned into contents of maps, and pods' new addresses into changes of these: what is
 * left is a scenario like any other. `read` gives the text of a policy file.
 *
 * @throws HarnessError with everything that is wrong in the files and in what is said of pods.
 */
export async function applyPolicies(
  scenario: Scenario,
  read: (path: string, span: Span) => Promise<{ readonly text: string; readonly file: string }>,
): Promise<Scenario> {
  const { policies: setUp } = scenario;
  const problems = new Problems();
  if (!setUp) {
    for (const { pods } of scenario.cases.flatMap(mapSteps)) refusePods(problems, pods);
    problems.throwIfAny();
    return scenario;
  }
  const policies = (
    await Promise.all(
      setUp.files.map(async ({ value, span }) => {
        const found = await problems.attemptAsync(() => read(value, span), { span });
        const result = found && readPolicies(found.text, found.file);
        for (const diagnostic of result?.diagnostics ?? []) problems.add(diagnostic);
        return result?.policies ?? [];
      }),
    )
  ).flat();
  const cluster = clusterOf(setUp);
  const compiled = compilePolicies(policies, cluster);
  const world = { setUp, cluster, compiled, problems };
  const start = identityTable(world, new Map());
  const cases = scenario.cases.map((each) => ({ ...each, steps: moveThrough(world, each, start) }));
  problems.throwIfAny();
  const maps = [...writePolicies(compiled, start, setUp.span), ...scenario.maps];
  return { ...scenario, policies: undefined, maps, cases };
}

interface World {
  readonly setUp: PolicySetUp;
  readonly cluster: Cluster;
  readonly compiled: CompiledPolicies;
  readonly problems: Problems;
}

function mapSteps({ steps }: Case): readonly (Step & { kind: "maps" })[] {
  return steps.filter((step) => step.kind === "maps");
}

function refusePods(problems: Problems, pods: (Step & { kind: "maps" })["pods"]): void {
  for (const { name } of pods)
    problems.add({
      code: "scenario",
      message: `there is no pod '${name.value}': the scenario has no policies`,
      span: name.span,
      hint: "pods are declared under 'policies:' at the top",
    });
}

function clusterOf({ namespaces, pods, host }: PolicySetUp): Cluster {
  return {
    namespaces: new Map(namespaces.map(({ name, labels }) => [name, new Map(labels)])),
    pods: pods.map((pod) => ({ ...pod, labels: new Map(pod.labels) })),
    host,
  };
}

/** The identities of all addresses, with `moved` pods where they are now. */
function identityTable(world: World, moved: ReadonlyMap<string, readonly string[]>): IdentityTable {
  const { setUp, cluster, compiled, problems } = world;
  const table = new Map<string, { prefix: Prefix; identity: number; span: Span }>();
  const add = (prefix: Prefix, identity: number, span: Span): void => {
    table.set(`${formatAddress(prefix)}/${prefix.bits}`, { prefix, identity, span });
  };
  for (const { prefix, identity, span } of compiled.networks) add(prefix, identity, span);
  for (const address of setUp.host) add(parsePrefix(address), hostIdentity, setUp.span);
  const holders = new Map<string, Pod>();
  for (const [pod, { identity }] of podIdentities(cluster)) {
    const span = setUp.pods.find(({ name }) => name === pod.name)!.span;
    for (const address of moved.get(pod.name) ?? pod.addresses) {
      const prefix = parsePrefix(address);
      const other = holders.get(formatAddress(prefix));
      if (other) {
        const message = `pods '${other.name}' and '${pod.name}' cannot both have ${address}`;
        problems.add({ code: "scenario", message, span });
      }
      holders.set(formatAddress(prefix), pod);
      add(prefix, identity, span);
    }
  }
  return table;
}

/** The steps of a case, pods' moves as changes of the map of identities. */
function moveThrough(world: World, { steps }: Case, start: IdentityTable): readonly Step[] {
  const names = world.setUp.pods.map(({ name }) => name);
  const moved = new Map<string, readonly string[]>();
  let now = start;
  return steps.map((step) => {
    if (step.kind !== "maps" || step.pods.length === 0) return step;
    for (const { name, addresses } of step.pods) {
      if (names.includes(name.value)) moved.set(name.value, addresses);
      else {
        const near = nearest(name.value, names);
        const hint = near ? `did you mean '${near}'?` : `pods: ${names.join(", ")}`;
        world.problems.add({ code: "scenario", message: `there is no pod '${name.value}'`, span: name.span, hint });
      }
    }
    const before = now;
    now = identityTable(world, moved);
    const change = writeChange(before, now, step.span);
    return {
      ...step,
      set: [...change.set, ...step.set],
      delete: [...change.delete, ...step.delete],
      pods: [],
    };
  });
}
