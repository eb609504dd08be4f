import { formatData } from "../data/format.js";
import type { MapPatch } from "../model/plan.js";
import { summary } from "../packet/print.js";
import { toScapy } from "../packet/text.js";
import type { Finding } from "./campaign.js";
import type { Input } from "./input.js";
import { packetYaml } from "./packet-yaml.js";

/** What a person gets to read of a finding. */
export function findingText({ plan, violation, input, executions }: Finding): string {
  const { property, what, expected, actual, details } = violation;
  return [
    `${plan.program.name}: ${property}: ${what}  expected ${expected}   actual ${actual}`,
    ...details.map((line) => `  ${line}`),
    `  simplest input, after ${executions.toLocaleString("en")} runs`,
    ...inputLines(input).map((line) => `    ${line}`),
  ].join("\n");
}

/** One line a command, packets in the words of a scenario, too. */
export function inputLines(input: Input): string[] {
  return input.flatMap((command) => {
    switch (command.kind) {
      case "packet":
        return [
          `packet    ${summary(command.packet)}`,
          `  layers  ${packetYaml(command.packet)}`,
          `  Scapy   ${toScapy(command.packet)}`,
        ];
      case "update":
        return command.patches.map((patch) => `map       ${patch.map.name}: ${patchYaml(patch)}`);
      case "clock":
        return [`clock     ${Number(command.durationNs / 1_000_000n)}ms later`];
    }
  });
}

/** An entry as below `maps:` of a scenario. */
export function patchYaml({ map, op, key, value }: MapPatch): string {
  const keyText = formatData(map.key, key);
  if (op === "delete") return keyText;
  const shown = value?.kind === "bytes" ? formatData(map.value, value.bytes) : (value?.kind ?? "");
  return `{ key: ${keyText}, value: ${shown} }`;
}
