import { expect } from "chai";
import { type Node, describeNode, entryOf } from "./node.js";
import { readYaml } from "./read-yaml.js";

/** The tree without its spans, as plain data. */
function plain(node: Node | undefined): unknown {
  if (node?.kind === "list") return node.items.map(plain);
  if (node?.kind === "map") return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  return node?.value;
}

function read(text: string): unknown {
  const { root, diagnostics } = readYaml(text, "x.yml");
  expect(diagnostics).to.deep.equal([]);
  return plain(root);
}

function firstMessage(text: string): string | undefined {
  return readYaml(text, "x.yml").diagnostics[0]?.message;
}

describe("readYaml", () => {
  it("reads scalars by the YAML 1.2 core schema", () => {
    const text =
      "{hex: 0x1F, octal: 0o17, leading: 010, float: 1.5, underscore: 1_000, yes: yes, true: true, none: ~, date: 2001-01-01}";
    expect(read(text)).to.deep.equal({
      hex: 31,
      octal: 15,
      leading: 10,
      float: 1.5,
      underscore: "1_000",
      yes: "yes",
      true: true,
      none: null,
      date: "2001-01-01",
    });
  });

  it("keeps addresses texts and big numbers exact", () => {
    expect(read("[02:00:00:00:00:01, 10.0.0.1, fd00::1, 12:30, 0xffffffffffffffff, 9007199254740993]")).to.deep.equal([
      "02:00:00:00:00:01",
      "10.0.0.1",
      "fd00::1",
      "12:30",
      0xffffffffffffffffn,
      9007199254740993n,
    ]);
  });

  it("keeps the digits that an unquoted number was written with", () => {
    const { root } = readYaml("hex: 00112233", "x.yml");
    expect(entryOf(root!, "hex")?.value).to.include({ value: 112233, source: "00112233" });
  });

  it("gives values the span of exactly their characters, whatever stands around them", () => {
    const text = "\ufeffa:   'x y'  # why\r\nb: [1,  22 ]\r\nc: |\r\n  line\r\n\r\nd:\r\n";
    const { root } = readYaml(text, "x.yml");
    const spanOf = (key: string) => {
      const { start, end } = entryOf(root!, key)!.value.span;
      return text.slice(start.offset, end.offset);
    };
    expect(spanOf("a")).to.equal("'x y'");
    expect(spanOf("b")).to.equal("[1,  22 ]");
    expect(spanOf("c")).to.equal("|\r\n  line");
    expect(spanOf("d")).to.equal("");
    const list = entryOf(root!, "b")!.value;
    expect(list.kind === "list" && list.items[1]?.span.start).to.deep.equal({
      line: 2,
      column: 9,
      offset: text.indexOf("22"),
    });
  });

  it("follows an alias to where its value is written", () => {
    const { root } = readYaml("a: &x {ttl: 1}\nb: *x\n", "x.yml");
    expect(entryOf(root!, "b")!.value.span.start).to.include({ line: 1, column: 7 });
  });

  it("lets an alias mean the last anchor before it", () => {
    expect(read("[&x 1, *x, &x 2, *x]")).to.deep.equal([1, 1, 2, 2]);
  });

  it("merges keys: own ones win, then the first mapping that has them", () => {
    expect(read("- &a {p: 1, q: 1}\n- &b {q: 2, r: 2}\n- {<<: [*a, *b], p: 0}\n- {p: 9, <<: *b}\n")).to.deep.equal([
      { p: 1, q: 1 },
      { q: 2, r: 2 },
      { p: 0, q: 1, r: 2 },
      { p: 9, q: 2, r: 2 },
    ]);
  });

  it("takes keys like __proto__ as any other", () => {
    const { root } = readYaml("__proto__: 1\nconstructor: 2\n", "x.yml");
    expect(root?.kind === "map" && root.entries.map(({ key }) => key)).to.deep.equal(["__proto__", "constructor"]);
  });

  it("refuses a few lines that stand for billions of values", () => {
    const bomb = ["- &a0 [x, x]", ...Array.from({ length: 40 }, (_, i) => `- &a${i + 1} [*a${i}, *a${i}]`)].join("\n");
    expect(firstMessage(bomb)).to.equal("more than 200000 values, with aliases followed");
  });

  for (const [name, opener] of Object.entries({ brackets: "[", lists: "- ", mappings: "? ", both: "{a: [" })) {
    it(`refuses ${name} inside each other without running out of stack`, () => {
      expect(firstMessage(opener.repeat(20_000))).to.match(/more than 100 deep/);
    });
  }

  it("takes what is deep but sane", () => {
    expect(readYaml("[".repeat(50) + "]".repeat(50), "x.yml").diagnostics).to.deep.equal([]);
  });

  it("refuses a file that is too long to have been written by hand", () => {
    expect(firstMessage(`a: ${"x".repeat(1 << 20)}`)).to.match(/^the file has 1048579 characters/);
  });

  it("names what it found", () => {
    const { root } = readYaml("[a, 0x10, [], {}, ~, true, 'a\nb']", "x.yml");
    expect(root?.kind === "list" && root.items.map(describeNode)).to.deep.equal([
      "'a'",
      "0x10",
      "a list",
      "a mapping",
      "nothing",
      "true",
      "'a b'",
    ]);
  });
});
