import { cleanLeftovers } from "../../netns/clean.js";
import { cleanRunFolders } from "../kernel/run-folder.js";
import { cleanObjectFolders } from "./object-folder.js";

/** Removes what killed runs left behind, and nothing that is not theirs; one line for each thing. */
export async function removeLeftovers(): Promise<string[]> {
  return [...(await cleanLeftovers()), ...cleanRunFolders(), ...cleanObjectFolders()];
}
