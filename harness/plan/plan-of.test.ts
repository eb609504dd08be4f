import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../model/error.js";
import type { BpfObject } from "../model/object.js";
import type { Plan } from "../model/plan.js";
import { formatSpan } from "../model/span.js";
import { readObject } from "../object/read-object.js";
import { projectRoot } from "../run/project.js";
import { parseScenario } from "../scenario/parse.js";
import { planScenario } from "./plan.js";

/** One of everything: fixtures/object-reader/every_kind.bpf.c. */
export const object = objectAt("object-reader/every_kind.bpf.o");

/** A committed object, by its path below fixtures/. */
export function objectAt(path: string): BpfObject {
  return readObject(new Uint8Array(readFileSync(join(projectRoot, "fixtures", path))), path);
}

export const capture = new Uint8Array(readFileSync(join(projectRoot, "fixtures", "pcap", "real-traffic.pcap")));

/** Plans a scenario given as its lines after name, program and hook; `entry: pass` unless it says another. */
export async function planOf(text: string, head = "hook: xdp\nentry: pass", from = object): Promise<readonly Plan[]> {
  const file = `name: test\nprogram: every_kind.bpf.o\n${head}\n${text}`;
  const { scenario, diagnostics } = parseScenario(file, "test.yml");
  if (!scenario || diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const readCapture = (path: string) => {
    if (path === "real-traffic.pcap") return capture;
    throw new Error("ENOENT: no such file");
  };
  return planScenario(scenario, from, { seed: 7, readCapture });
}

/** `line:column message (hint)` of everything that is wrong. */
export async function problemsOf(text: string, head?: string, from = object): Promise<readonly string[]> {
  try {
    await planOf(text, head, from);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return error.diagnostics.map(
      ({ message, span, hint }) =>
        `${span && formatSpan(span).slice("test.yml:".length)} ${message}${hint ? ` (${hint})` : ""}`,
    );
  }
  return [];
}
