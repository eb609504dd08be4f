import type { Report } from "../harness/model/event.js";
import type { OutcomeKind } from "../harness/model/outcome.js";
import type { System } from "../harness/model/system.js";

const backends = ["sim", "kernel", "wire"] as const;

/** README's table of what was proved where, as Markdown: counted from a run's results, not typed. */
export function systemsTable(systems: readonly System[], report: Report): string {
  const rows = systems.map(({ id, system, program, scenarios }) => {
    const results = report.results.filter(({ file }) => scenarios.some((s) => file === `scenarios/${s}`));
    const counts = backends.map((backend) => cell(results.filter((r) => r.backend === backend)));
    return `| ${id} | ${system} | [${program}](bpf/${program}) | ${links(scenarios)} | ${counts.join(" | ")} |`;
  });
  const { passed, failed, skipped, error } = report.totals;
  return [
    "## Systems, and what was proved where",
    "",
    `Cases passed by backend, on Linux ${report.environment.kernel}; \`npm run readme\` writes this table from a run.`,
    "",
    `| | system | program | scenarios | ${backends.map((b) => `\`${b}\``).join(" | ")} |`,
    `|---|---|---|---|${backends.map(() => "---|").join("")}`,
    ...rows,
    "",
    `All shipped scenarios together: ${passed} passed, ${failed} failed, ${skipped} skipped, ${error} in error.`,
  ].join("\n");
}

/** Each file by name would make the table wider than any screen: a folder stands for what it holds. */
function links(scenarios: readonly string[]): string {
  const folder = (file: string) => file.slice(0, file.lastIndexOf("/"));
  const paths = scenarios.map((file) =>
    scenarios.some((other) => other !== file && folder(other) === folder(file)) ? folder(file) : file,
  );
  return [...new Set(paths)].map((path) => `[${path}](scenarios/${path})`).join(", ");
}

function cell(results: readonly { readonly outcome: OutcomeKind }[]): string {
  const passed = results.filter((r) => r.outcome === "passed").length;
  if (results.length === 0) return "–";
  return passed === results.length ? `${passed}` : `${passed} of ${results.length}`;
}
