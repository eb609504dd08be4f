import { mkdir, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join, relative, resolve } from "node:path";
import { joinBytes } from "../packet/join-bytes.js";
import { PcapngWriter } from "../packet/capture/write-pcapng.js";
import { archive } from "./archive.js";
import type { Finding } from "./campaign.js";
import { findingScenario } from "./finding-scenario.js";

export interface SaveOptions {
  readonly folder: string;
  /** The file of the program, and of its twin where it has one. */
  readonly program: string;
  readonly twin: string | undefined;
  /** The command that found it. */
  readonly command: string;
  readonly seed: number;
}

/**
 * Writes a finding as a scenario, its packets as pcapng, and everything that shows it elsewhere as one archive: object,
 * scenario, packets, and a note that says on which kernel, and with which command.
 *
 * @returns the scenario's file
 */
export async function saveFinding(finding: Finding, options: SaveOptions): Promise<string> {
  const { plan, violation } = finding;
  const { folder, program, twin, command, seed } = options;
  await mkdir(folder, { recursive: true });
  const name = `${plan.program.name}-${violation.property}-${violation.what}`.replace(/[^\w-]+/g, "-");
  const file = join(folder, `${name}.yml`);
  const beside = (path: string): string => relative(resolve(folder), resolve(path));
  const words = { program: beside(program), twin: twin && beside(twin), hook: plan.hook, command };
  const packets = capture(finding);
  const object = `${plan.object.name}.bpf.o`;
  const note = [
    `kernel   ${release()}`,
    `node     ${process.version}`,
    `seed     ${seed}`,
    `found by ${command}`,
    `shown by packetproof run ${name}.yml`,
  ];
  await writeFile(file, findingScenario(finding, words));
  await writeFile(join(folder, `${name}.pcapng`), packets);
  const bundle = new Map<string, Uint8Array | string>([
    [`${name}.yml`, findingScenario(finding, { ...words, program: object })],
    [object, plan.object.bytes],
    [`${name}.pcapng`, packets],
    ["NOTE.txt", `${note.join("\n")}\n`],
  ]);
  await writeFile(join(folder, `${name}.tar.gz`), archive(bundle));
  return file;
}

function capture({ plan, input, violation }: Finding): Uint8Array {
  const writer = new PcapngWriter({ application: "packetproof", comment: `${violation.property}: ${violation.what}` });
  const packets = input.flatMap((command, i) =>
    command.kind === "packet" ? [{ packet: command.packet, interfaceName: plan.hook, timestampNs: BigInt(i) }] : [],
  );
  return joinBytes([writer.section(), ...packets.map((packet) => writer.packet(packet))]);
}
