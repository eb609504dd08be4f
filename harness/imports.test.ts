import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { expect } from "chai";
import { projectRoot } from "./run/project.js";

/**
 * The map of ARCHITECTURE.md as a test: what each folder may import. Data flows one way, so an arrow
 * against the flow is a design mistake and not a matter of taste.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  packet: ["model"],
  isa: ["model"],
  object: ["model", "isa"],
  sim: ["model", "packet", "isa", "object", "data"],
  data: ["model", "packet"],
  scenario: ["model", "packet"],
  rules: ["model", "scenario"],
  plan: ["model", "packet", "isa", "object", "data", "scenario", "rules"],
  policy: ["model", "packet", "scenario"],
  judge: ["model", "packet", "data"],
  evidence: ["model", "packet", "data"],
  reports: ["model"],
  // What runs in the page shows packets as the harness decodes them.
  client: ["model", "packet", "reports"],
  kernel: ["model", "packet", "object", "data"],
  netns: ["model", "kernel"],
  observe: ["model", "packet", "object", "rules", "kernel", "netns"],
  wire: ["model", "packet", "kernel", "netns", "observe"],
  fuzz: ["model", "packet", "isa", "object", "sim", "data", "judge", "kernel"],
  run: [
    "model",
    "packet",
    "object",
    "sim",
    "scenario",
    "policy",
    "plan",
    "judge",
    "fuzz",
    "evidence",
    "kernel",
    "wire",
    "netns",
  ],
  bench: [
    "model",
    "packet",
    "isa",
    "object",
    "sim",
    "scenario",
    "plan",
    "judge",
    "fuzz",
    "kernel",
    "wire",
    "netns",
    "run",
  ],
  cli: [
    "model",
    "packet",
    "object",
    "sim",
    "scenario",
    "plan",
    "judge",
    "fuzz",
    "kernel",
    "wire",
    "netns",
    "run",
    "reports",
    "bench",
  ],
};

/** These also run in a browser: no Node built-in at all, and of packages only those that need none. */
const pure = [
  "model",
  "packet",
  "isa",
  "object",
  "sim",
  "data",
  "scenario",
  "rules",
  "policy",
  "plan",
  "judge",
  "evidence",
];
const purePackages = ["yaml"];
/** The page itself. */
const pagePackages = ["preact", "preact/hooks", "uplot"];

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

describe("import directions", () => {
  const imports = ["harness", "netns", "reports"].flatMap((top) =>
    sourcesBelow(join(projectRoot, top)).flatMap(importsOf),
  );

  it("finds the sources at all", () => {
    expect(imports.length).to.be.greaterThan(200);
  });

  it("no folder imports another that comes after it in the flow", () => {
    const wrong = imports.filter(({ file, folder, target }) => {
      if (!target.startsWith(".")) return false;
      const to = folderOf(resolve(dirname(file), target));
      return to !== folder && to !== undefined && !(mayImport[folder]?.includes(to) ?? false);
    });
    expect(wrong.map(describeImport)).to.deep.equal([]);
  });

  it("the folders that also run in a browser use no Node built-in and no package that does", () => {
    const wrong = imports.filter(
      ({ folder, target }) => pure.includes(folder) && !target.startsWith(".") && !purePackages.includes(target),
    );
    expect(wrong.map(describeImport)).to.deep.equal([]);
  });

  it("the page uses no Node built-in and no package but those that are bundled with it", () => {
    const wrong = imports.filter(
      ({ folder, target }) => folder === "client" && !target.startsWith(".") && !pagePackages.includes(target),
    );
    expect(wrong.map(describeImport)).to.deep.equal([]);
  });

  it("the folders that also run in a browser use no global of Node", () => {
    const wrong = pure.flatMap((folder) =>
      sourcesBelow(join(projectRoot, "harness", folder)).filter((file) =>
        /\b(Buffer\.|Buffer\(|process\.|__dirname|require\()/.test(withoutComments(readFileSync(file, "utf8"))),
      ),
    );
    expect(wrong.map((file) => relative(projectRoot, file))).to.deep.equal([]);
  });
});

/** Sources without tests; arbitraries are test input (fast-check) that lives beside what it generates. */
function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .filter((entry) => !/\.(test|contract)\.ts$|arbitraries\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const folder = folderOf(file);
  if (folder === undefined) return [];
  const text = withoutComments(readFileSync(file, "utf8"));
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => ({ file, folder, target: match[1]! }));
}

/**
 * `harness/packet/tcp.ts` → `packet`, `netns/clean.ts` → `netns`, `reports/html/client/app.tsx` → `client`; undefined
 * for files of harness/ itself.
 */
function folderOf(file: string): string | undefined {
  const [top, below, ...rest] = relative(projectRoot, file).split(sep);
  if (top === "reports" && rest[0] === "client") return "client";
  if (top !== "harness") return top;
  return rest.length > 0 ? below : undefined;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function describeImport({ file, target }: Import): string {
  return `${relative(projectRoot, file)} imports ${target}`;
}
