import { removeLeftovers } from "../run/leftovers.js";
import { exitStatus } from "./exit-status.js";

/** `packetproof clean`: removes what a killed run left, and says what that was. */
export async function cleanCommand(): Promise<number> {
  const { removed, withheld } = await removeLeftovers();
  for (const line of removed) process.stdout.write(`removed ${line}\n`);
  if (removed.length === 0) process.stdout.write("nothing was left behind\n");
  if (withheld !== undefined)
    process.stdout.write(`what runs on kernel and wire leave was not looked for: ${withheld}\n`);
  return exitStatus.passed;
}
