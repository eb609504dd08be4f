import { backendNames, type BackendName, type Capabilities } from "../model/backend.js";
import { harnessError } from "../model/error.js";
import { nearest } from "../model/nearest.js";

/** The backend that `--backend` means. Throws HarnessError "usage" with the nearest one. */
export function backendName(name: string): BackendName {
  const known = backendNames.find((candidate) => candidate === name);
  if (known) return known;
  const near = nearest(name, backendNames);
  throw harnessError("usage", `there is no backend '${name}'`, {
    hint: near ? `did you mean ${near}?` : `the backends are ${backendNames.join(", ")}`,
  });
}

export function unavailableLine({ backend, unavailable }: Capabilities): string {
  return `packetproof: backend ${backend} cannot run here: ${unavailable}\n`;
}
