/** What helpers do to the map that they are given, by number. */
const operations: Readonly<Record<number, MapOperation>> = {
  1: "lookup",
  2: "update",
  3: "delete",
  25: "output",
  51: "redirect",
  87: "push",
  88: "pop",
  89: "peek",
  130: "output",
  131: "reserve",
  164: "for-each",
  195: "lookup",
};

export const mapOperations = [
  "lookup",
  "update",
  "delete",
  "push",
  "pop",
  "peek",
  "for-each",
  "redirect",
  "output",
  "reserve",
] as const;

export type MapOperation = (typeof mapOperations)[number];

/** What a helper does to the map among its arguments; undefined for helpers that work on none. */
export function mapOperation(helper: number): MapOperation | undefined {
  return operations[helper];
}
