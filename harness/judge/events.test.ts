import { expect } from "chai";
import type { DataType } from "../model/object.js";
import type { EventObservation } from "../model/observation.js";
import type { PlannedEvents } from "../model/plan.js";
import { judgeEvents } from "./events.js";

const span = { file: "test.yml", start: { line: 1, column: 1, offset: 0 }, end: { line: 1, column: 2, offset: 1 } };
const u32: DataType = { kind: "int", name: "u32", sizeBytes: 4, signed: false, encoding: "integer", bigEndian: false };
const type: DataType = {
  kind: "struct",
  name: "event",
  sizeBytes: 4,
  members: [{ name: "sequence", type: u32, offsetBits: 0, bitfieldBits: undefined }],
};

function wanting(more: Partial<PlannedEvents>): PlannedEvents {
  const nothing = { count: undefined, ascending: undefined, lost: undefined };
  return { map: "events", type, ordered: true, events: [], timeoutMs: 0, span, ...nothing, ...more };
}

function seen(...sequences: number[]): EventObservation[] {
  return sequences.map((n) => ({
    kind: "event",
    step: 0,
    map: "events",
    cpu: 0,
    lost: 0,
    bytes: Uint8Array.of(n, 0, 0, 0),
  }));
}

function found(expectation: PlannedEvents, observed: readonly EventObservation[]): string[] {
  return judgeEvents(expectation, observed).map(({ what, expected, actual }) => `${what}: ${expected}, not ${actual}`);
}

describe("many events", () => {
  const ascending = { value: "sequence", span };
  const three = { value: { kind: "equals", value: 3 }, span } as const;

  it("are counted, whatever is not listed", () => {
    expect(found(wanting({ count: three }), seen(1, 2, 3))).to.deep.equal([]);
    expect(found(wanting({ count: three }), seen(1, 2))).to.deep.equal(["events.events.count: 3, not 2"]);
    expect(found(wanting({}), seen(1))).to.have.length(1);
  });

  it("ascend strictly", () => {
    expect(found(wanting({ ascending, count: three }), seen(1, 5, 9))).to.deep.equal([]);
    const twice = ["events.events[2].sequence: more than 5, not 5"];
    expect(found(wanting({ ascending, count: three }), seen(1, 5, 5))).to.deep.equal(twice);
  });

  it("are not lost, unless so many may be", () => {
    const [event] = seen(1);
    const lossy = [{ ...event!, lost: 3 }];
    const count = { value: { kind: "equals", value: 1 }, span } as const;
    expect(found(wanting({ count }), lossy)).to.deep.equal(["events.events.lost: 0, not 3"]);
    expect(found(wanting({ count, lost: three }), lossy)).to.deep.equal([]);
  });
});
