/**
 * Compiles bpf/ and fixtures/planted/ to fixtures/objects/, which is committed, so that nobody needs clang to run the shipped
 * scenarios. With `--check` it compares with what is committed instead.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { projectRoot } from "../harness/run/project.js";
import { clangVersion, compile, sha256, type Compiled } from "./clang.js";
import { readHiddenBugs } from "./hidden-bugs.js";
import { plantedBugs, type PlantedBug } from "./planted.js";

/** fixtures/objects/manifest.json: with what tools, and from what, each object was made. */
interface Manifest {
  readonly clang: string;
  /** Over the headers of clang, libbpf and the kernel: they differ between distributions. */
  readonly systemHeaders: string;
  /** By file name, with the SHA-256 of the source and its own headers, relative to the project. */
  readonly objects: Readonly<Record<string, { readonly sources: Readonly<Record<string, string>> }>>;
}

const sourceFolders = ["bpf", join("fixtures", "planted")];
const objectsFolder = join(projectRoot, "fixtures", "objects");
const manifestFile = join(objectsFolder, "manifest.json");

/** By object file name, in alphabetical order. */
async function compileAll(): Promise<ReadonlyMap<string, Compiled>> {
  const work = await mkdtemp(join(tmpdir(), "packetproof-bpf-"));
  try {
    const sound = await copyTree(join(work, "sound"));
    const made = new Map<string, Compiled>();
    const add = (name: string, compiled: Compiled): void => {
      if (made.has(name)) throw new Error(`two sources make ${name}: objects share one folder`);
      made.set(name, compiled);
    };
    for (const source of await sourcesOf(sound)) add(`${basename(source, ".c")}.o`, await compile(sound, source));
    for (const bug of [...plantedBugs, ...(await readHiddenBugs())])
      add(`${bug.name}.bpf.o`, await compilePlanted(bug, join(work, bug.name)));
    return new Map([...made].sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function copyTree(tree: string): Promise<string> {
  for (const folder of sourceFolders) await cp(join(projectRoot, folder), join(tree, folder), { recursive: true });
  return tree;
}

async function sourcesOf(tree: string): Promise<readonly string[]> {
  const sources = sourceFolders.map(async (folder) => {
    const entries = await readdir(join(tree, folder), { recursive: true });
    return entries.filter((entry) => entry.endsWith(".bpf.c")).map((entry) => `${folder}/${entry}`);
  });
  return (await Promise.all(sources)).flat();
}

async function compilePlanted(bug: PlantedBug, tree: string): Promise<Compiled> {
  const file = join(await copyTree(tree), "bpf", bug.file);
  const parts = (await readFile(file, "utf8")).split(bug.from);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(`planted bug ${bug.name}: '${bug.from}' is in bpf/${bug.file} ${times} times, not once`);
  }
  await writeFile(file, parts.join(bug.to));
  return compile(tree, join("bpf", bug.program));
}

async function manifestOf(made: ReadonlyMap<string, Compiled>): Promise<Manifest> {
  const headers = new Set([...made.values()].flatMap((compiled) => compiled.systemHeaders));
  const objects = [...made].map(([name, { sources }]) => [name, { sources }] as const);
  return {
    clang: await clangVersion(),
    systemHeaders: sha256([...headers].sort().join("\n")),
    objects: Object.fromEntries(objects),
  };
}

async function write(made: ReadonlyMap<string, Compiled>): Promise<void> {
  await rm(objectsFolder, { recursive: true, force: true });
  await mkdir(objectsFolder, { recursive: true });
  for (const [name, { object }] of made) await writeFile(join(objectsFolder, name), object);
  await writeFile(manifestFile, `${JSON.stringify(await manifestOf(made), undefined, 2)}\n`);
  console.log(`${made.size} objects written to fixtures/objects/`);
}

/** Names of objects that are not what the sources make now. */
async function stale(made: ReadonlyMap<string, Compiled>): Promise<readonly string[]> {
  const committed = await readdir(objectsFolder);
  const names = new Set([...made.keys(), ...committed.filter((name) => name.endsWith(".o"))]);
  const differing: string[] = [];
  for (const name of names) {
    const bytes = await readFile(join(objectsFolder, name)).catch(() => undefined);
    const object = made.get(name)?.object;
    if (!bytes || !object || Buffer.compare(bytes, object) !== 0) differing.push(name);
  }
  return differing;
}

async function check(made: ReadonlyMap<string, Compiled>): Promise<void> {
  const committed = JSON.parse(await readFile(manifestFile, "utf8")) as Manifest;
  const current = await manifestOf(made);
  const outdated = Object.keys({ ...committed.objects, ...current.objects }).filter(
    (name) => JSON.stringify(committed.objects[name]) !== JSON.stringify(current.objects[name]),
  );
  if (outdated.length > 0) return fail(outdated, "made from other sources");
  // Only the same tools have to make the same bytes; with others, everything compiling is what can be said.
  if (committed.clang !== current.clang || committed.systemHeaders !== current.systemHeaders) {
    console.log(`${made.size} objects compile; not compared, since clang ${committed.clang} or its headers made them`);
    return;
  }
  const differing = await stale(made);
  if (differing.length > 0) return fail(differing, "not what their sources make");
  console.log(`${made.size} objects are as committed`);
}

function fail(names: readonly string[], why: string): void {
  console.error(`fixtures/objects/: ${names.join(", ")}: ${why}; npm run build:bpf makes them anew`);
  process.exitCode = 1;
}

const made = await compileAll();
await (process.argv.includes("--check") ? check(made) : write(made));
