/** What a map value or an event has to be: compiled against its type, compared with bytes, summed over CPUs. */
export { compilePattern } from "./compile.js";
export { matchData } from "./match.js";
export { sumData } from "./sum.js";
