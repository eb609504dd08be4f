import { open, type FileHandle } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { harnessError } from "../model/error.js";
import { eventSchemaVersion, type RunEvent } from "../model/event.js";
import { readInput } from "../run/read-input.js";
import { prepareOutput } from "./write-json.js";

/** Characters that are compressed and written at once. */
const batchCharacters = 1024 * 1024;

/** Writes a run's events as JSON lines while it goes on; gzipped where the file's name ends in `.gz`. */
export class EventFile {
  readonly #file: FileHandle;
  readonly #compress: boolean;
  #lines: string[] = [];
  #characters = 0;

  private constructor(file: FileHandle, compress: boolean) {
    this.#file = file;
    this.#compress = compress;
  }

  static async create(path: string): Promise<EventFile> {
    await prepareOutput(path);
    return new EventFile(await open(path, "w"), path.endsWith(".gz"));
  }

  async write(event: RunEvent): Promise<void> {
    const line = `${JSON.stringify(event)}\n`;
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters >= batchCharacters) await this.#flush();
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#file.close();
  }

  /** Gzip files may be joined end to end (RFC 1952 section 2.2). */
  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("");
    await this.#file.write(this.#compress ? gzipSync(text) : Buffer.from(text));
    this.#lines = [];
    this.#characters = 0;
  }
}

/** A run's events from JSON lines, gzipped or not. Throws HarnessError "usage" for files that are none. */
export async function readEvents(path: string): Promise<RunEvent[]> {
  const wrong = (why: string, cause?: unknown): Error =>
    harnessError("usage", `${path} holds no events of a run: ${why}`, {
      cause,
      hint: "packetproof run --blob FILE writes such a file",
    });
  const bytes = await readInput(path);
  const events: RunEvent[] = [];
  try {
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    for (const line of linesOf(isGzip ? gunzipSync(bytes) : bytes)) events.push(JSON.parse(line) as RunEvent);
  } catch (error) {
    throw wrong((error as Error).message, error);
  }
  const [start] = events;
  if (start?.type !== "start") throw wrong("the first line is no start of a run");
  if (start.schemaVersion !== eventSchemaVersion)
    throw wrong(`it is of version ${start.schemaVersion}, and this packetproof reads version ${eventSchemaVersion}`);
  return events;
}

/** One at a time: a whole run may be longer than the longest string. */
function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end;
    if (to > from) yield decoder.decode(bytes.subarray(from, to));
    from = to + 1;
  }
}
