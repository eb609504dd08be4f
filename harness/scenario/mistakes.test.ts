import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { formatDiagnostic } from "./diagnostic.js";
import { parseScenario } from "./parse.js";

/**
 * What people get to read is part of the product, so every message is held against mistakes.txt:
 * `=== name`, the scenario, `>>>`, what is said. UPDATE_GOLDEN=1 writes what is said now; read the
 * difference before committing it.
 */
const goldenFile = repositoryFile("harness/scenario/mistakes.txt");
const golden = readFileSync(goldenFile, "utf8");

interface Mistake {
  readonly name: string;
  readonly text: string;
  readonly said: string;
}

const mistakes = golden
  .split(/^=== /m)
  .slice(1)
  .map((section): Mistake => {
    const [, name, text, said] = /^(.*)\n([^]*?)^>>>\n([^]*)$/m.exec(section)!;
    return { name: name!, text: text!, said: said!.trimEnd() };
  });

function answer(text: string): string {
  return parseScenario(text, "x.yml")
    .diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text))
    .join("\n");
}

function repositoryFile(path: string): URL {
  let folder = new URL(".", import.meta.url);
  for (;;) {
    try {
      readFileSync(new URL("package.json", folder));
      return new URL(path, folder);
    } catch {
      folder = new URL("..", folder);
    }
  }
}

describe("what is said of mistakes", () => {
  if (process.env["UPDATE_GOLDEN"]) {
    const head = golden.slice(0, golden.search(/^=== /m));
    const sections = mistakes.map(({ name, text }) => `=== ${name}\n${text}>>>\n${answer(text)}\n\n`);
    writeFileSync(goldenFile, (head + sections.join("")).trimEnd() + "\n");
    return;
  }
  for (const { name, text, said } of mistakes) {
    it(name, () => {
      expect(answer(text)).to.equal(said);
    });
  }
});
