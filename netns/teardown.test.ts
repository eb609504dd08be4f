import { expect } from "chai";
import { ParallelTeardown, TeardownStack } from "./teardown.js";

describe("tear-down", () => {
  it("goes backwards, and on after a failure, which it tells", async () => {
    const done: number[] = [];
    const stack = new TeardownStack();
    stack.defer(() => void done.push(1));
    stack.defer(() => Promise.reject(new Error("second")));
    stack.defer(() => void done.push(3));
    const failure = await stack[Symbol.asyncDispose]().catch((error: Error) => error.message);
    expect(failure).to.equal("second");
    expect(done).to.deep.equal([3, 1]);
  });

  it("does each thing once", async () => {
    let count = 0;
    const stack = new TeardownStack();
    stack.defer(() => void count++);
    await stack[Symbol.asyncDispose]();
    await stack[Symbol.asyncDispose]();
    expect(count).to.equal(1);
  });

  it("does independent things at once, and waits for all of them", async () => {
    const done: string[] = [];
    const both = new ParallelTeardown();
    let first = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      first = resolve;
    });
    both.defer(() => gate.then(() => void done.push("waited for the other")));
    both.defer(() => {
      first();
      throw new Error("failed");
    });
    expect(await both.run().catch((error: Error) => error.message)).to.equal("failed");
    expect(done).to.deep.equal(["waited for the other"]);
  });
});
