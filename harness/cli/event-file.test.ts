import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { eventSchemaVersion, type RunEvent } from "../model/event.js";
import { EventFile, readEvents } from "./event-file.js";

const start: RunEvent = {
  type: "start",
  schemaVersion: eventSchemaVersion,
  seed: 7,
  total: 0,
  startedAt: "2026-01-02T03:04:05.000Z",
  systems: [],
  environment: { packetproof: "0", node: "v20", platform: "linux", kernel: "6", cpus: 1, libbpf: "1.1", backends: [] },
};

describe("files of events", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-events-"));
  });
  after(() => rm(folder, { recursive: true }));

  for (const name of ["run.jsonl", "run.jsonl.gz"]) {
    it(`give back what was written, in several batches, to ${name}`, async () => {
      const text = "é\n".repeat(400_000);
      const events: RunEvent[] = [
        start,
        { type: "file", path: "a.yml", text },
        { type: "file", path: "b.yml", text },
        { type: "end", durationMs: 5 },
      ];
      const path = join(folder, name);
      const file = await EventFile.create(path);
      for (const event of events) await file.write(event);
      await file.close();
      expect(await readEvents(path)).to.deep.equal(events);
    });
  }

  it("are refused where they are none, or of another version", async () => {
    const cases = [
      ["not JSON\n", "is not valid JSON"],
      ['{"type":"end"}\n', "the first line is no start of a run"],
      [`${JSON.stringify({ ...start, schemaVersion: 1 })}\n`, "it is of version 1"],
    ];
    for (const [text, why] of cases) {
      const path = join(folder, "wrong.jsonl");
      await writeFile(path, text!);
      const error = await readEvents(path).catch((e: unknown) => e as Error);
      expect((error as Error).message)
        .to.contain(path)
        .and.to.contain(why);
    }
  });
});
