import { expect } from "chai";
import type { Pattern } from "../model/packet.js";
import type { EventPattern } from "../model/scenario.js";
import { judgeObserved } from "./observed.js";

const position = { line: 1, column: 1, offset: 0 };
const span = { file: "x.yml", start: position, end: position };
const event = (fields: Record<string, Pattern>, absent = false): EventPattern => ({
  fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { value, span }])),
  absent,
  span,
});
const is = (value: string | number): Pattern => ({ kind: "equals", value });
const observer = { value: "exec" as const, span };
const judge = (
  events: readonly EventPattern[],
  others: "any" | "absent",
  seen: readonly { comm: string; pid: number }[],
) => judgeObserved({ observer, events, others }, seen).map(({ expected, actual }) => `${expected} | ${actual}`);

describe("observed events", () => {
  const curl = { comm: "curl", pid: 7 };

  it("may come among others, in any order, but each needs one of its own", () => {
    const wanted = event({ comm: is("curl") });
    expect(judge([wanted], "any", [{ comm: "sh", pid: 6 }, curl])).to.deep.equal([]);
    expect(judge([wanted, wanted], "any", [curl])).to.deep.equal(['comm "curl" | unseen']);
    expect(judge([wanted], "any", [])).to.deep.equal(['comm "curl" | nothing']);
  });

  it("may be all that is allowed", () => {
    expect(judge([event({ comm: is("curl") })], "absent", [curl, { comm: "sh", pid: 8 }])).to.deep.equal([
      'no further event | comm "sh", pid 8',
    ]);
  });

  it("may be what must not come", () => {
    const shell: Pattern = { kind: "matches", regex: /^(ba)?sh$/ };
    expect(judge([event({ comm: shell }, true)], "any", [curl])).to.deep.equal([]);
    expect(judge([event({ comm: shell }, true)], "any", [curl, { comm: "bash", pid: 9 }])).to.deep.equal([
      'no comm text that matches /^(ba)?sh$/ | comm "bash", pid 9',
    ]);
  });

  it("do not match where they lack the field", () => {
    expect(judge([event({ uid: { kind: "any" } })], "any", [curl])).to.have.length(1);
  });
});
