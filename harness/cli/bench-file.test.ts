import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readBenchResult } from "./bench-file.js";

describe("a file with a measurement", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-bench-"));
  });
  after(() => rm(folder, { recursive: true }));

  const wrong: Readonly<Record<string, RegExp>> = {
    "{": /holds no measurement: .*JSON/,
    null: /it has no groups/,
    '{"groups":[],"schemaVersion":99}': /it is of version 99/,
  };
  for (const [text, message] of Object.entries(wrong)) {
    it(`that is ${text} is refused with the reason`, async () => {
      const file = join(folder, "bench.json");
      await writeFile(file, text);
      const error = await readBenchResult(file).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(String(error)).to.match(message);
    });
  }
});
