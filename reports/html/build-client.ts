/** `npm run build`: bundles the page's script and style, with the packet decoder, into one file beside this one. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ClientBundle } from "./bundle.js";

const here = dirname(fileURLToPath(import.meta.url));

export async function buildClient(file: string): Promise<ClientBundle> {
  // dist/reports/html → reports/html
  const sources = join(here, "..", "..", "..", "reports", "html", "client");
  const { outputFiles } = await build({
    stdin: { contents: `import "./style.css"; import { start } from "./app.tsx"; start();`, resolveDir: sources },
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    platform: "browser",
    write: false,
    outdir: here,
    logLevel: "silent",
    legalComments: "inline",
  });
  const text = (extension: string): string => outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? "";
  // Neither may end the element that it stands in.
  const bundle: ClientBundle = {
    script: text(".js").replaceAll("</script", "<\\/script"),
    style: text(".css").replaceAll("</style", "<\\/style"),
  };
  await mkdir(dirname(file), { recursive: true });
  // Other processes may want it at the same time.
  const half = `${file}.${process.pid}`;
  await writeFile(half, JSON.stringify(bundle));
  await rename(half, file);
  return bundle;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildClient(join(here, "client.bundle.json"));
