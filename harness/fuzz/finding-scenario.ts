import type { Hook } from "../model/hook.js";
import type { MapPatch, Plan } from "../model/plan.js";
import { formatData } from "../data/format.js";
import { summary } from "../packet/print.js";
import type { Finding } from "./campaign.js";
import { patchYaml } from "./finding-text.js";
import type { Command } from "./input.js";
import { packetYaml } from "./packet-yaml.js";
import { subjectOf } from "./subject.js";

export interface ScenarioWords {
  /** As `program:` has it. */
  readonly program: string;
  readonly twin: string | undefined;
  readonly hook: Hook;
  /** The command that found it. */
  readonly command: string;
}

/** A finding as a scenario of its own, which fails as long as the mistake is there. */
export function findingScenario({ plan, step, violation, input }: Finding, words: ScenarioWords): string {
  const { property, what, expected, actual, details } = violation;
  const last = input.at(-1);
  const before = [...subjectOf(plan, step).before, ...input.slice(0, -1)];
  const lines = [
    `# Found by: ${words.command}`,
    `# ${property}: ${what}: expected ${expected}, actual ${actual}`,
    ...details.map((line) => `#   ${line}`),
    `name: ${JSON.stringify(`${plan.program.name}: ${property}: ${what}`)}`,
    `program: ${words.program}`,
    `entry: ${plan.program.name}`,
    `hook: ${words.hook}`,
    "backends: [sim, kernel]",
    ...globalsYaml(plan),
    ...mapsYaml(plan.maps),
    "cases:",
    `  - name: ${JSON.stringify(`${what} is as it has to be`)}`,
    "    steps:",
    ...before.flatMap(stepYaml),
    ...(last?.kind === "packet" ? [`      # ${summary(last.packet)}`] : []),
    `      - property: { runs: 1, generate: ${last?.kind === "packet" ? packetYaml(last.packet) : "[eth]"} }`,
    `        expect: ${expectYaml(property, words, step.expect.verdict?.value)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function expectYaml(property: string, { twin }: ScenarioWords, verdict: readonly string[] | undefined): string {
  if (property === "same-as") return `{ same-as: ${twin ?? ""} }`;
  if (property === "expect") return `{ verdict: [${verdict?.join(", ") ?? ""}] }`;
  return `{ invariant: ${property} }`;
}

function stepYaml(command: Command): string[] {
  switch (command.kind) {
    case "packet":
      return [`      # ${summary(command.packet)}`, `      - send: ${packetYaml(command.packet)}`];
    case "update":
      return command.patches.map((patch) =>
        patch.op === "set"
          ? `      - update: { ${patch.map.name}: [${patchYaml(patch)}] }`
          : `      - delete: { ${patch.map.name}: [${patchYaml(patch)}] }`,
      );
    case "clock":
      return [`      - clock: ${Number(command.durationNs / 1_000_000n)}ms`];
  }
}

/** Global variables that are set, by C name and type. */
function globalsYaml({ object, globals }: Plan): string[] {
  const lines = globals.flatMap(({ name, bytes }) => {
    const type = object.globals.find((global) => global.name === name)?.type;
    return type ? [`  ${name}: ${formatData(type, bytes)}`] : [];
  });
  return lines.length > 0 ? ["globals:", ...lines] : [];
}

/** Entries that user space could have written, one below the other. */
function mapsYaml(maps: readonly MapPatch[]): string[] {
  const plain = maps.filter(({ op, value }) => op === "set" && value?.kind === "bytes");
  if (plain.length === 0) return [];
  const names = [...new Set(plain.map(({ map }) => map.name))];
  return [
    "maps:",
    ...names.flatMap((name) => [
      `  ${name}:`,
      ...plain.filter(({ map }) => map.name === name).map((patch) => `    - ${patchYaml(patch)}`),
    ]),
  ];
}
