import { expect } from "chai";
import { formatDiagnostic } from "./diagnostic.js";
import { Lines } from "./lines.js";

function format(text: string, from: number, to: number): string[] {
  const span = new Lines(text, "a.yml").span(from, to);
  return formatDiagnostic({ code: "scenario", message: "wrong", span, hint: "mend it" }, text).split("\n");
}

describe("formatDiagnostic", () => {
  it("shows place, line, carets and hint", () => {
    expect(format("one\ntwo three\n", 8, 13)).to.deep.equal([
      "a.yml:2:5: wrong",
      "  2 | two three",
      "    |     ^^^^^",
      "  hint: mend it",
    ]);
  });

  it("keeps tabs, so that the caret stands below its character", () => {
    expect(format("\tx\ty", 3, 4).slice(1, 3)).to.deep.equal(["  1 | \tx\ty", "    | \t \t^"]);
  });

  it("marks only the first line of a longer stretch, and one place at least", () => {
    expect(format("ab\ncd\n", 0, 5)[2]).to.equal("    | ^^");
    expect(format("ab\n", 2, 2)[2]).to.equal("    |   ^");
  });

  it("leaves out the carriage return of a Windows line", () => {
    expect(format("ab\r\ncd\r\n", 0, 4).slice(1, 3)).to.deep.equal(["  1 | ab", "    | ^^"]);
  });

  it("cuts a long line around the place that is meant", () => {
    const text = `${"a".repeat(200)}X${"b".repeat(200)}`;
    const [, source, carets] = format(text, 200, 201);
    expect(source).to.equal(`  1 | …${"a".repeat(50)}X${"b".repeat(49)}…`);
    expect(carets?.indexOf("^")).to.equal(source?.indexOf("X"));
  });

  it("does without text, span or hint", () => {
    expect(formatDiagnostic({ code: "usage", message: "wrong" })).to.equal("wrong");
    const span = new Lines("abc", "a.yml").span(1, 2);
    expect(formatDiagnostic({ code: "scenario", message: "wrong", span })).to.equal("a.yml:1:2: wrong");
  });
});
