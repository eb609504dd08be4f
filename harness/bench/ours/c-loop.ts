import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../../run/project.js";
import { compileC } from "../compile-c.js";

/** A process that loops in C; its time is its own. */
export interface CLoop {
  run(count: number): Promise<number>;
  close(): Promise<void>;
}

/** harness/bench/kernel-loop.c with xdp_drop_count, or why there is none. */
export async function cLoop(): Promise<CLoop | { readonly reason: string; close(): Promise<void> }> {
  const compiled = await compileC("kernel-loop.c", "-lbpf");
  if ("reason" in compiled) return { reason: compiled.reason, close: () => Promise.resolve() };
  const object = join(projectRoot, "fixtures", "objects", "xdp_drop_count.bpf.o");
  const child = spawn(compiled.path, [object, "xdp_drop_count", "64"], { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout });
  return {
    async run(count) {
      const answer = once(lines, "line") as Promise<[string]>;
      child.stdin.write(`${count}\n`);
      return Number((await answer)[0]) / count;
    },
    async close() {
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
      compiled.remove();
    },
  };
}
