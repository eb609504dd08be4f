import { expect } from "chai";
import { measureRounds } from "./rounds.js";

describe("measureRounds", () => {
  it("takes turns forward, backward, backward, forward, and throws the warm-up away", async () => {
    let order = "";
    const turns = ["A", "B", "C"].map((id) => ({
      id,
      measure: () => {
        order += id;
        return order.length;
      },
    }));
    const values = await measureRounds(turns, { rounds: 4, warmUpRounds: 2 });
    expect(order).to.equal("CBA" + "ABC" + "ABC" + "CBA" + "CBA" + "ABC");
    expect(values.get("A")).to.deep.equal([7, 12, 15, 16]);
  });

  it("a steady drift adds the same to everyone over four rounds", async () => {
    let clock = 0;
    const turns = ["A", "B", "C", "D"].map((id) => ({ id, measure: () => clock++ }));
    const values = await measureRounds(turns, { rounds: 8, warmUpRounds: 1 });
    const sums = [...values.values()].map((each) => each.reduce((a, b) => a + b));
    expect(new Set(sums).size).to.equal(1);
  });
});
