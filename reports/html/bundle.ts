import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What runs in the page: one script and one style sheet. */
export interface ClientBundle {
  readonly script: string;
  readonly style: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const bundleFile = join(here, "client.bundle.json");

/**
 * The page's script and style. `npm run build` makes them; after a compilation alone (`tsc`) they are older than
 * this module, and made anew where the sources and esbuild are, which is in every checkout.
 */
export async function clientBundle(): Promise<ClientBundle> {
  const compiledMs = statSync(fileURLToPath(import.meta.url)).mtimeMs;
  if (existsSync(bundleFile) && statSync(bundleFile).mtimeMs >= compiledMs) {
    return JSON.parse(await readFile(bundleFile, "utf8")) as ClientBundle;
  }
  const { buildClient } = await import("./build-client.js");
  return buildClient(bundleFile);
}
