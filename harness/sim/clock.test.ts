import { expect } from "chai";
import { Clock, type Alarm } from "./clock.js";

function alarm(ring: (self: Alarm) => void): Alarm {
  const self = { dueNs: 0n, ring: () => ring(self) };
  return self;
}

describe("the clock of a simulated machine", () => {
  it("rings alarms in the order of their times, each at its own", () => {
    const clock = new Clock(100n);
    const rung: string[] = [];
    const note = (name: string) => alarm(() => rung.push(`${name} at ${clock.nowNs}`));
    clock.set(note("late"), 130n);
    clock.set(note("early"), 110n);
    clock.set(note("past"), 90n);
    clock.set(note("next"), 131n);
    expect(rung).to.deep.equal([]);
    clock.advance(30n);
    expect(rung).to.deep.equal(["past at 100", "early at 110", "late at 130"]);
    expect(clock.nowNs).to.equal(130n);
  });

  it("rings what is set meanwhile, and not what is cancelled", () => {
    const clock = new Clock(0n);
    let rings = 0;
    const again = alarm((self) => {
      rings++;
      clock.set(self, clock.nowNs + 10n);
    });
    const never = alarm(() => expect.fail("it was cancelled"));
    clock.set(again, 10n);
    clock.set(never, 50n);
    expect(clock.cancel(never)).to.equal(true);
    expect(clock.cancel(never)).to.equal(false);
    clock.advance(35n);
    expect(rings).to.equal(3);
  });

  it("does not go on for ever", () => {
    const clock = new Clock(0n);
    clock.set(
      alarm((self) => clock.set(self, clock.nowNs)),
      0n,
    );
    expect(() => clock.advance(1n)).to.throw(/more than 100000 timers fire within 1 ns/);
  });
});
