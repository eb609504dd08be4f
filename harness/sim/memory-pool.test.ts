import { expect } from "chai";
import { Arena, readable, writable } from "./arena.js";
import { MemoryPool } from "./memory-pool.js";

const neededBytes = 1 << 16;

describe("memory that is used again", () => {
  it("is as good as new: all zero, and nothing allowed", () => {
    const pool = new MemoryPool();
    const first = new Arena(neededBytes, pool);
    const address = first.reserve(16, readable | writable, "a value");
    first.write(address, 16).fill(0xff);
    first.release();

    const second = new Arena(neededBytes, pool);
    expect(second.memory).to.equal(first.memory);
    expect(second.allows(address, 1, readable)).to.equal(false);
    expect(second.allows(address, 1, writable)).to.equal(false);
    expect(new Uint8Array(second.memory.buffer).every((byte) => byte === 0)).to.equal(true);
  });

  it("is never that of a machine that is still there, or of another size", () => {
    const pool = new MemoryPool();
    const first = new Arena(neededBytes, pool);
    const second = new Arena(neededBytes, pool);
    expect(second.memory).not.to.equal(first.memory);
    first.release();
    expect(new Arena(4 * neededBytes, pool).memory).not.to.equal(first.memory);
  });

  it("goes back to the operating system where much of it was used", () => {
    const pool = new MemoryPool();
    const first = new Arena(1 << 27, pool);
    first.reserve(1 << 26, readable, "a large map");
    first.release();
    expect(new Arena(1 << 27, pool).memory).not.to.equal(first.memory);
  });
});
