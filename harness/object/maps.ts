import type { MapSpec } from "../model/object.js";
import { readBtfMaps } from "./btf-maps.js";
import { readLegacyMaps } from "./legacy-maps.js";
import type { ObjectFile } from "./object-file.js";

/** All maps that the object declares, in the order of their sections and offsets; not those of its globals. */
export function readMaps(file: ObjectFile): MapSpec[] {
  return [...readLegacyMaps(file), ...readBtfMaps(file)];
}
