import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { fixture, fixtures } from "./fixture.test.js";
import { readObject } from "./read-object.js";

describe("the committed objects", () => {
  const paths = ["objects", "object-reader"].flatMap((name) =>
    readdirSync(join(fixtures, name))
      .filter((file) => file.endsWith(".o"))
      .map((file) => join(name, file)),
  );

  it("are there at all", () => {
    expect(paths.length).to.be.greaterThan(30);
  });

  for (const path of paths) {
    it(`${path} has a licence, and programs that all say what they are`, () => {
      const { license, programs } = readObject(fixture(path), path);
      expect(license).to.not.equal("");
      expect(programs.length).to.be.greaterThan(0);
      for (const program of programs) expect(program.type, program.section).to.be.a("string");
    });
  }

  it("are the same objects whenever they are read, from arrays and from Node's buffers", () => {
    for (const path of paths) {
      const { bytes: _, ...first } = readObject(fixture(path), path);
      const { bytes: __, ...second } = readObject(Buffer.from(fixture(path)), path);
      expect(second).to.deep.equal(first);
    }
  });
});
