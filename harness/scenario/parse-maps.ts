import type { Diagnostic } from "../model/error.js";
import type { WrittenEntry } from "../model/scenario.js";
import { invalid, type Report } from "./decoder.js";
import { mapContents } from "./map-setup.js";
import { readYaml } from "./read-yaml.js";

/**
 * A file with nothing but the contents of maps, by map name: what stands below `maps:` in a scenario. All mistakes
 * of its form are reported at once; with any, there are no contents. Never throws.
 */
export function parseMapContents(
  text: string,
  file: string,
): { contents: readonly WrittenEntry[]; diagnostics: readonly Diagnostic[] } {
  const { root, diagnostics } = readYaml(text, file);
  if (!root) return { contents: [], diagnostics };
  const found: Diagnostic[] = [];
  const report: Report = (span, message, hint) => {
    found.push({ code: "scenario", message, span, ...(hint && { hint }) });
    return invalid;
  };
  const contents = mapContents.decode(root, report);
  return { contents: contents === invalid || found.length > 0 ? [] : contents, diagnostics: found };
}
