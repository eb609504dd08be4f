import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { findProtocol, protocolNames } from "../packet/protocols.js";
import { parseScenario } from "./parse.js";

function readme(): URL {
  let folder = new URL(".", import.meta.url);
  while (!readdirSync(folder).includes("package.json")) folder = new URL("..", folder);
  return new URL("scenarios/README.md", folder);
}

const text = readFileSync(readme(), "utf8");
const examples = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, yaml]) => yaml!);

/** Examples show parts of scenarios: a whole one, top-level keys, cases, or what is in a case. */
function completed(example: string): string {
  if (/^program:/m.test(example)) return example;
  const head = "name: n\nprogram: p.o\nhook: xdp\n";
  if (/^(maps|policies|topology|services):/.test(example)) return `${head}${example}\ncases: []\n`;
  if (example.startsWith("- name:")) return `${head}cases:\n${example.replace(/^/gm, "  ")}`;
  const action = /^(send|steps):/.test(example) ? "" : "    send: [eth]\n";
  return `${head}cases:\n  - name: c\n${action}${example.replace(/^/gm, "    ")}`;
}

/** Everything that can be sent, from the tables that packets are built by. */
function protocolList(): string {
  const lines = protocolNames.map((name) => {
    const { fields, shorthand } = findProtocol(name)!;
    return `- \`${name}\`: ${fields.map((field) => (field.name === shorthand ? `**${field.name}**` : field.name)).join(", ")}`;
  });
  return `\n\n${lines.join("\n")}\n\n`;
}

describe("scenarios/README.md", () => {
  examples.forEach((example) => {
    it(`has an example that is right: ${example.split("\n").find((line) => !line.startsWith("#"))}`, () => {
      const { diagnostics } = parseScenario(completed(example), "README.md");
      expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
    });
  });

  it("lists every protocol with its fields (UPDATE_GOLDEN=1 writes them)", () => {
    const parts = /^([^]*<!-- protocols:begin -->)([^]*)(<!-- protocols:end -->[^]*)$/.exec(text)!;
    if (process.env["UPDATE_GOLDEN"]) writeFileSync(readme(), parts[1]! + protocolList() + parts[3]!);
    else expect(parts[2]).to.equal(protocolList());
  });

  it("names every key of the language", () => {
    const keys = ["description", "entry", "pins", "load", "only", "skip", "xfail", "matrix", "senders", "truncate"];
    for (const key of [...keys, "unload", "redirect", "printk", "frames", "neighbours", "sysctls", "ready", "files"]) {
      expect(text).to.match(new RegExp(`\\b${key}\\b`));
    }
  });
});
