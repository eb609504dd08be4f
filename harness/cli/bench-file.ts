import { benchSchemaVersion, type BenchResult } from "../model/bench.js";
import { harnessError } from "../model/error.js";
import { readInput } from "../run/read-input.js";

/** What `bench --json` wrote. Throws HarnessError "usage" for other files. */
export async function readBenchResult(path: string): Promise<BenchResult> {
  const wrong = (why: string, cause?: unknown): Error =>
    harnessError("usage", `${path} holds no measurement: ${why}`, {
      cause,
      hint: "packetproof bench --json FILE writes such a file",
    });
  let result: Partial<BenchResult> | null;
  try {
    result = JSON.parse(new TextDecoder().decode(await readInput(path))) as Partial<BenchResult> | null;
  } catch (error) {
    throw wrong((error as Error).message, error);
  }
  if (!Array.isArray(result?.groups)) throw wrong("it has no groups");
  if (result.schemaVersion !== benchSchemaVersion)
    throw wrong(`it is of version ${result.schemaVersion}, and this packetproof reads version ${benchSchemaVersion}`);
  return result as BenchResult;
}
