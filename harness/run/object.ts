import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { HarnessError, harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";
import type { BpfObject } from "../model/object.js";
import type { Located } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { readObject } from "../object/read-object.js";
import { compileSource } from "./compile.js";
import { projectRoot } from "./project.js";
import { readInput } from "./read-input.js";

const objectsFolder = join(projectRoot, "fixtures", "objects");

/** Every object is read once in a process: many cases share it. */
const cache = new Map<string, Promise<BpfObject>>();

/**
 * The object that a scenario's `program:` names: relative to the scenario, else one of the shipped
 * programs in `bpf/`. A shipped source has a committed object, used as long as it was made from
 * exactly this source; any other source is compiled now.
 */
export async function findObject(program: Located<string>, scenarioFile: string): Promise<BpfObject> {
  const path = await locateProgram(program, scenarioFile);
  let object = cache.get(path);
  if (!object) {
    object = read(path, program);
    cache.set(path, object);
  }
  return object;
}

/** The object that the command line names by its path; a source is compiled. */
export function readProgram(path: string): Promise<BpfObject> {
  return read(resolve(path), { value: path, span: undefined });
}

async function read(
  path: string,
  program: { readonly value: string; readonly span: Span | undefined },
): Promise<BpfObject> {
  const name = basename(path).replace(/(\.bpf)?\.(c|o)$/, "");
  try {
    const bytes = path.endsWith(".c")
      ? ((await committedObject(path)) ?? (await compileSource(path, program.span)))
      : await readInput(path, program.span);
    return readObject(bytes, name);
  } catch (error) {
    if (error instanceof HarnessError && error.code === "object") {
      const hint = error.diagnostics[0]?.hint;
      throw harnessError("object", `${program.value}: ${error.message}`, { span: program.span, hint, cause: error });
    }
    throw error;
  }
}

/** The file that `program:` names: relative to the scenario, else one of the shipped programs. */
export async function locateProgram(program: Located<string>, scenarioFile: string): Promise<string> {
  const beside = resolve(dirname(scenarioFile), program.value);
  const shipped = resolve(projectRoot, "bpf", program.value);
  const found = [beside, shipped].find((path) => existsSync(path));
  if (found) return found;
  const candidates = await Promise.all(
    [dirname(beside), dirname(shipped)].map((folder) => readdir(folder).catch((): string[] => [])),
  );
  const sources = candidates.flat().filter((file) => /\.(c|o)$/.test(file));
  const near = nearest(basename(program.value), sources);
  throw harnessError("scenario", `there is no program ${program.value} beside the scenario or in bpf/`, {
    span: program.span,
    hint: near ? `did you mean ${near}?` : "name a .bpf.c source or a compiled .o",
  });
}

interface Manifest {
  readonly objects: Readonly<Record<string, { readonly sources: Readonly<Record<string, string>> }>>;
}

let manifest: Promise<Manifest | undefined> | undefined;

/** The committed object of a shipped source, unless the source or one of its headers has changed since it was made. */
async function committedObject(source: string): Promise<Uint8Array | undefined> {
  if (dirname(source) !== join(projectRoot, "bpf") && !source.startsWith(join(projectRoot, "bpf") + "/"))
    return undefined;
  manifest ??= readFile(join(objectsFolder, "manifest.json"), "utf8").then(
    (text) => JSON.parse(text) as Manifest,
    () => undefined,
  );
  const name = basename(source).replace(/\.c$/, ".o");
  const made = (await manifest)?.objects[name];
  if (!made) return undefined;
  for (const [file, digest] of Object.entries(made.sources)) {
    const text = await readFile(join(projectRoot, file)).catch(() => undefined);
    if (!text || createHash("sha256").update(text).digest("hex") !== digest) return undefined;
  }
  return readFile(join(objectsFolder, name));
}
