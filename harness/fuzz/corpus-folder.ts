import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const extension = ".bin";

/** Packets that an earlier campaign kept, as bytes, one a file. */
export async function readCorpus(folder: string): Promise<Uint8Array[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith(extension)).sort();
  return Promise.all(files.map(async (name) => new Uint8Array(await readFile(join(folder, name)))));
}

/** Writes packets under names that follow from their bytes; others that are no longer needed go. */
export async function writeCorpus(folder: string, packets: readonly Uint8Array[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const wanted = new Map(packets.map((bytes) => [nameOf(bytes), bytes]));
  for (const name of await readdir(folder))
    if (/^[0-9a-f]{16}\.bin$/.test(name) && !wanted.has(name)) await rm(join(folder, name));
  for (const [name, bytes] of wanted) await writeFile(join(folder, name), bytes);
}

function nameOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16) + extension;
}
