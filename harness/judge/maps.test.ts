import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import type { MapSpec } from "../model/object.js";
import { judgeMap } from "./maps.js";

const span = { file: "s.yml", start: { line: 1, column: 1 }, end: { line: 1, column: 2 } };
const port = { kind: "int", name: "__u16", sizeBytes: 2, signed: false } as unknown as NonNullable<MapSpec["key"]>;
const map = { name: "hits", type: "hash", key: port, keySizeBytes: 2, valueSizeBytes: 1 } as unknown as MapSpec;

function detailsFor(key: string, ...there: string[]): readonly string[] | undefined {
  const wanted = { key: fromHex(key), value: { op: "eq", value: 1n }, cpu: undefined, span };
  const expectation = { map, entries: [wanted], others: "any", count: undefined, span };
  const entries = there.map((hex) => ({ key: fromHex(hex), values: [fromHex("01")] }));
  return judgeMap(expectation as unknown as Parameters<typeof judgeMap>[0], entries, [])[0]?.details;
}

describe("a key that is not in a map", () => {
  it("is told with what is there instead", () => {
    expect(detailsFor("1700")).to.deep.equal(["the map is empty"]);
    expect(detailsFor("1700", "0100")).to.deep.equal(["1 other key: 1"]);
    expect(detailsFor("1700", "0100", "0200", "0300", "0400", "0500")).to.deep.equal(["5 other keys: 1, 2, 3, 4"]);
  });

  it("is told to be there in the other byte order", () => {
    expect(detailsFor("1700", "0100", "0017")).to.deep.equal([
      "2 other keys: 1, 5888",
      "5888 is 23 in network byte order: written { be: 23 }",
    ]);
  });
});
