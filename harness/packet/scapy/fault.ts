import { harnessError, type HarnessError } from "../../model/error.js";
import { nearest } from "../../model/nearest.js";

/** What is wrong at a place of a Scapy text; columns count from 1. */
export function scapyError(at: number, message: string, hint?: string): HarnessError {
  return harnessError("packet", `Scapy text, column ${at + 1}: ${message}`, { hint });
}

export function unknownField(className: string, name: string, at: number, names: readonly string[]): HarnessError {
  const close = nearest(name, names);
  const hint = close ? `did you mean '${close}'?` : `${className} has ${[...new Set(names)].join(", ")}`;
  return scapyError(at, `${className} has no field '${name}'`, hint);
}
