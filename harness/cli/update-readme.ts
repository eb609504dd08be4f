/** `npm run readme`: rewrites README's table of systems from the results of the last `npm start`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../run/project.js";
import type { Report } from "../model/event.js";
import type { System } from "../model/system.js";
import { systemsTable } from "../../reports/systems-table.js";

const begin = "<!-- systems:begin -->";
const end = "<!-- systems:end -->";

async function readJson<T>(...path: string[]): Promise<T> {
  return JSON.parse(await readFile(join(projectRoot, ...path), "utf8")) as T;
}

const systems = await readJson<readonly System[]>("scenarios", "systems.json");
const report = await readJson<Report>("reports", "out", "report.json");
const file = join(projectRoot, "README.md");
const text = await readFile(file, "utf8");
const [head, tail] = [text.split(begin)[0], text.split(end)[1]];
if (head === undefined || tail === undefined) throw new Error(`README.md has lost its marks ${begin} and ${end}`);
await writeFile(file, `${head}${begin}\n\n${systemsTable(systems, report)}\n\n${end}${tail}`);
