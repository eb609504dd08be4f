import { cleanLeftovers } from "../../netns/clean.js";
import { whyNoCapabilities } from "../kernel/probe.js";
import { cleanRunFolders } from "../kernel/run-folder.js";
import { cleanObjectFolders } from "./object-folder.js";

export interface Leftovers {
  /** One line for each thing that was removed. */
  readonly removed: readonly string[];
  /** Why what runs on `kernel` and `wire` leave was not looked for: only who may make it may remove it. */
  readonly withheld: string | undefined;
}

/** Removes what killed runs left behind, and nothing that is not theirs. */
export async function removeLeftovers(): Promise<Leftovers> {
  const withheld = whyNoCapabilities();
  const ofKernel = withheld === undefined ? [...(await cleanLeftovers()), ...cleanRunFolders()] : [];
  return { removed: [...ofKernel, ...cleanObjectFolders()], withheld };
}
