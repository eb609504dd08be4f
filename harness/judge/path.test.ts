import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import type { HopObservation, PacketObservation } from "../model/observation.js";
import type { PlannedHop, PlannedSend } from "../model/plan.js";
import type { Place } from "../model/topology.js";
import { judgePath, type Sight } from "./path.js";

const position = { line: 1, column: 1, offset: 0 };
const span = { file: "p.yml", start: position, end: position };
const frame = fromHex("020000000002 020000000001 88b5 00");
const step = { packets: [{ linkType: "ethernet", bytes: frame }] } as unknown as PlannedSend;

const placeOf = (name: string): Place => ({ host: name, dev: "eth0" });

function hop(name: string, more: Partial<PlannedHop> = {}): PlannedHop {
  const at = { value: placeOf(name), span };
  return { at, hook: undefined, verdict: undefined, context: {}, packet: undefined, span, ...more };
}

function seenAt(name: string, timestampNs: bigint | undefined): PacketObservation {
  const place = { at: placeOf(name), direction: "received" } as const;
  return { kind: "packet", step: 0, packet: 0, place, bytes: frame, timestampNs };
}

function ranAt(name: string, verdict: string, mark: number): HopObservation {
  const at = placeOf(name);
  const fields = { mark };
  return { kind: "hop", step: 0, at, hook: "tc-ingress", program: "p", verdict, fields, bytes: frame, timestampNs: 0n };
}

function judged(hops: readonly PlannedHop[], seen: readonly Sight[]): string[] {
  const { findings, missing } = judgePath(hops, step, seen);
  return [...findings.map(({ what, expected, actual }) => `${what} ${expected} ${actual}`), ...missing];
}

describe("judgePath", () => {
  const tc = { value: "tc-ingress", span } as const;

  it("wants hops in their order, whatever lies between, and goes by the time", () => {
    const seen = [seenAt("c", 3n), seenAt("a", 1n), seenAt("b", 2n)];
    expect(judged([hop("a"), hop("c")], seen)).to.deep.equal([]);
    expect(judged([hop("c"), hop("a")], seen)).to.deep.equal(["path[1] a:eth0 unseen"]);
  });

  it("goes by the order of telling where the clock stands still", () => {
    const seen = [seenAt("a", 0n), ranAt("a", "TC_ACT_OK", 0), seenAt("b", 0n)];
    expect(judged([hop("a"), hop("a", { hook: tc }), hop("b")], seen)).to.deep.equal([]);
    expect(judged([hop("a", { hook: tc }), hop("a")], seen)).to.deep.equal(["path[1] a:eth0 unseen"]);
  });

  it("takes the same place twice only if it was seen twice", () => {
    expect(judged([hop("a"), hop("a")], [seenAt("a", 1n)])).to.deep.equal(["path[1] a:eth0 unseen"]);
    expect(judged([hop("a"), hop("a")], [seenAt("a", 1n), seenAt("a", 2n)])).to.deep.equal([]);
  });

  it("says what of a hop is not as expected", () => {
    const seen = [ranAt("a", "TC_ACT_SHOT", 5)];
    const verdict = { value: ["TC_ACT_OK"], span };
    expect(judged([hop("a", { hook: tc, verdict })], seen)).to.deep.equal(["path[0].verdict TC_ACT_OK TC_ACT_SHOT"]);
    const context = { mark: { value: { kind: "equals" as const, value: 7 }, span } };
    expect(judged([hop("a", { hook: tc, context })], seen)).to.deep.equal(["path[0].context.mark 7 5"]);
  });

  it("does not guess the order of frames without timestamps", () => {
    expect(judged([hop("a")], [seenAt("a", undefined)])).to.deep.equal([
      "the order of frames: they have no timestamps",
    ]);
  });

  it("accounts for the frames that are hops, and no others", () => {
    const [a, b] = [seenAt("a", 1n), seenAt("b", 2n)];
    expect(judgePath([hop("b")], step, [a, b]).taken).to.deep.equal([b]);
  });
});
