import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HarnessError } from "../model/error.js";
import { findObject } from "./object.js";
import { projectRoot } from "./project.js";

const position = { line: 2, column: 10, offset: 0 };

describe("findObject", () => {
  it("says at the scenario's line what is wrong with an object, and what mends it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "packetproof-object-"));
    try {
      const whole = await readFile(join(projectRoot, "fixtures", "objects", "xdp_count.bpf.o"), "latin1");
      await writeFile(join(folder, "bare.o"), whole.replaceAll(".BTF", ".XXX"), "latin1");
      const file = join(folder, "s.yml");
      const program = { value: "bare.o", span: { file, start: position, end: position } };
      const error: unknown = await findObject(program, file).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(HarnessError);
      const [diagnostic] = (error as HarnessError).diagnostics;
      expect(diagnostic).to.deep.include({ code: "object", span: program.span, hint: "compile with clang -g" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
