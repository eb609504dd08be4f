/**
 * `npm run bench:sim`: the simulator's engines and, where there is one, the kernel, with the same object and packet,
 * in alternating rounds. The program rewrites addresses, ports and checksums of a TCP segment; the packet is fresh in
 * every run, but for `kernel-jit`, the kernel's own loop, which repeats a run on what the last one left: as many
 * instructions, and no copy. Lines `ratio NAME R` say how many times as many runs per second the first of a pair makes.
 *
 * Then what loading costs, each time in a new process, and how much memory a million packets take.
 */
import { benchLoading } from "./sim-loading.js";
import { benchMemory } from "./sim-memory.js";
import { benchSpeed } from "./sim-speed.js";

benchSpeed();
await benchLoading();
benchMemory();
