import { execa } from "execa";
import { harnessError } from "../harness/model/error.js";
import { findCommand } from "./find-command.js";
import type { Namespace } from "./namespace.js";

/** The iproute2 tools that read commands from standard input. */
export type BatchTool = "ip" | "bridge" | "tc";

/** Runs the lines inside the namespace, all in one process; none at all for no lines. */
export async function runBatch(tool: BatchTool, namespace: Namespace, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const command = findCommand(tool);
  if (command === undefined)
    throw harnessError("tool", `${tool} is not installed`, { hint: "apt-get install iproute2" });
  const result = await namespace.inside(() =>
    execa(command, ["-batch", "-"], { input: `${lines.join("\n")}\n`, reject: false, timeout: 30_000 }),
  );
  if (result.failed) throw batchError(tool, namespace, lines, result.stderr || result.shortMessage || "");
}

/** iproute2 ends with `Command failed -:3`, the line's number. */
function batchError(tool: BatchTool, namespace: Namespace, lines: readonly string[], stderr: string): Error {
  const number = /Command failed -:(\d+)/.exec(stderr)?.[1];
  const line = number ? lines[Number(number) - 1] : undefined;
  const reason = stderr.replace(/\s*Command failed -:\d+\s*/g, "").trim();
  const place = namespace.name ? ` in ${namespace.name}` : "";
  return harnessError("topology", line ? `${tool} ${line}${place}: ${reason}` : `${tool}${place}: ${reason}`);
}
