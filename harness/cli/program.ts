import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { projectRoot } from "../run/project.js";

/** The whole command line. Each command's code is imported when it runs. */
export function createProgram(): Command {
  const program = new Command("packetproof")
    .description("Proves what eBPF network programs do to packets.")
    .version(version(), "-V, --version")
    .showHelpAfterError("(packetproof --help says more)")
    .exitOverride()
    .addHelpText(
      "after",
      `
Examples:
  packetproof run scenarios                                every scenario on every backend that runs here
  packetproof run my.yml --backend sim                     one file, in the simulator: no root, no kernel
  packetproof run my.yml --backend kernel --grep 'SYN'     one case, through BPF_PROG_TEST_RUN
  packetproof check my.yml                                 find mistakes in a scenario without running it
  packetproof doctor                                       what runs on this machine, and how to mend the rest

Exit status: 0 all passed; 1 something failed; 2 the input is wrong; 3 a backend asked for cannot run here.`,
    );

  const run = program
    .command("run")
    .description("run scenarios and compare what programs do with what the scenarios say")
    .argument("[paths...]", "scenario files, or folders of them", ["scenarios"])
    .option("--backend <names>", "sim, kernel, wire, separated by commas (default: all that run here)", list)
    .option("--jobs <n>", "cases at the same time, in processes of their own", positive, 1)
    .option("--grep <regexp>", "only cases whose `file › scenario › case` matches", regexp)
    .option("--seed <number>", "start of all generated values", natural)
    .option("--shard <i/n>", "the i-th of n parts of the cases", shard)
    .option("--update", "write what was seen into the scenarios, in place of values that were expected", false)
    .option("--blob <file>", "write all that happened as JSON lines, gzipped for .gz: what `report` reads")
    .addOption(
      new Option("--traces <which>", "cases whose packets are traced for --html and --blob")
        .choices(["failed", "all", "none"])
        .default("failed"),
    )
    .option(
      "--coverage <file>",
      "write which C lines the simulator's runs executed, for LCOV, and print what never ran",
    )
    .option("--captures <folder>", "write every case's packets, in and out, as pcapng")
    .option("--repro <folder>", "write an archive for each failure: scenario, objects, packets, report, the command")
    .addOption(
      new Option("--port <name>", "how `wire` sends and captures").choices(["af_packet", "cap"]).default("af_packet"),
    )
    .option("--verbose", "a line for every case, not only for failures", false)
    .addHelpText(
      "after",
      `
Examples:
  packetproof run scenarios/drop --backend kernel,wire --json out.json
  packetproof run lb.yml --grep 'IPv6' --verbose
  packetproof run scenarios --jobs 2 --shard 1/3`,
    )
    .action(async (paths: string[], options) => {
      const { runCommand } = await import("./run-command.js");
      process.exitCode = await runCommand(paths, options);
    });
  withReports(run);

  program
    .command("watch")
    .description("run scenarios, and again those whose files, programs, headers or captures change")
    .argument("[paths...]", "scenario files, or folders of them", ["scenarios"])
    .option("--backend <names>", "sim, kernel, wire, separated by commas (default: all that run here)")
    .option("--grep <regexp>", "only cases whose `file › scenario › case` matches", regexp)
    .option("--seed <number>", "start of all generated values", natural)
    .option("--verbose", "a line for every case, not only for failures", false)
    .addHelpText("after", "\nExample:\n  packetproof watch scenarios/drop --backend sim")
    .action(async (paths: string[], options: { backend?: string; grep?: RegExp; seed?: number; verbose: boolean }) => {
      const { watchCommand } = await import("./watch-command.js");
      const { backend, grep, seed, verbose } = options;
      process.exitCode = await watchCommand(paths, [
        ...(backend === undefined ? [] : ["--backend", backend]),
        ...(grep ? ["--grep", grep.source] : []),
        ...(seed === undefined ? [] : ["--seed", String(seed)]),
        ...(verbose ? ["--verbose"] : []),
      ]);
    });

  program
    .command("check")
    .description("parse and validate scenarios; run nothing")
    .argument("[paths...]", "scenario files, or folders of them", ["scenarios"])
    .addHelpText("after", "\nExample:\n  packetproof check scenarios/drop/icmp.yml")
    .action(async (paths: string[]) => {
      const { checkCommand } = await import("./check-command.js");
      process.exitCode = await checkCommand(paths);
    });

  program
    .command("replay")
    .description("run any ELF object on the packets of a capture, and compare what backends make of them")
    .argument("<object>", "a compiled .o, or a .c to compile")
    .requiredOption("--packets <file>", "a pcap or pcapng file, gzipped or not")
    .option("--program <name>", "C name of the program (default: the object's only one)")
    .option("--type <type>", "xdp, tc, socket_filter, cgroup_skb, …, where the section name does not say")
    .option("--backend <names>", "sim, kernel (default: both, where they run)", list)
    .option("--maps <file>", "contents of maps before the first packet: YAML as below `maps:` in a scenario")
    .option(
      "--btf <file>",
      "kernel types for CO-RE in sim, as /sys/kernel/btf/vmlinux; default: of this kernel, if it takes part",
    )
    .option("--frames <ranges>", "only these packets, like 1-20,25,40-")
    .option("--json <file>", "write a record per packet and backend as JSON")
    .option("--verbose", "a line for every packet", false)
    .addHelpText(
      "after",
      `
Each backend starts with fresh maps; packets go through in the order of the capture, and maps live from
one packet to the next. Behind the last one, maps are compared, too.

Examples:
  packetproof replay prog.bpf.o --packets traffic.pcap --json out.json
  packetproof replay old.o --program classify --type tc --packets traffic.pcapng --frames 1-100 --maps maps.yml

Exit status: 0 everything agrees; 1 something differs or faults, or nothing could be compared; 2 the input
is wrong; 3 a backend asked for cannot run here.`,
    )
    .action(async (object: string, options) => {
      const { replayCommand } = await import("./replay-command.js");
      process.exitCode = await replayCommand(object, options);
    });

  program
    .command("fuzz")
    .description("look for packets with which a program does what no correct program does")
    .argument("<target>", "a scenario, a compiled .o, or a .c to compile")
    .option("--time <duration>", "how long, like 30s or 5m (default: 60s)", duration)
    .option("--runs <n>", "how many packets, instead of a time", positive)
    .option("--seed <number>", "start of all chance", natural)
    .option("--backend <names>", "sim, kernel: who has to agree (default: both, where they run)", list)
    .option("--save <folder>", "write what is found as scenarios, with capture and bundle")
    .option("--corpus <folder>", "go on from the packets in here, and leave the most telling ones")
    .option("--program <name>", "of an object: C name of the program (default: its only one)")
    .option("--type <type>", "of an object: xdp, tc, …, where the section name does not say")
    .addHelpText(
      "after",
      `
Packets are changed at random, kept where they go a way through the program that none went before, and
changed further; what the program compares them with is tried in them. Those that show something new are run
in every way there is: with other padding, on the interpreter, in the kernel. What is found is made as simple
as it gets. A scenario's cases say with which maps, and, with \`property:\`, what has to hold; without, it is
what holds for every correct program: no fault, known verdicts, valid checksums and lengths, and more.

Examples:
  packetproof fuzz my.bpf.o
  packetproof fuzz lb.yml --time 5m --save scenarios/regressions --corpus corpus/lb
  packetproof fuzz lb.yml --runs 100000 --seed 7 --backend sim

Exit status: 0 nothing was found; 1 something was; 2 the input is wrong; 3 a backend asked for cannot run here.`,
    )
    .action(async (target: string, options) => {
      const { fuzzCommand } = await import("./fuzz-command.js");
      process.exitCode = await fuzzCommand(target, options);
    });

  program
    .command("mutate")
    .description("break programs on purpose, one instruction at a time, and see which mistakes their scenarios catch")
    .argument("<paths...>", "scenarios or folders")
    .option("--seed <number>", "start of all chance", natural, 1)
    .option("--least <percent>", "fail where fewer mutants are caught", natural)
    .option("--json <file>", "write every surviving mutant as JSON")
    .addHelpText(
      "after",
      `
Conditions are turned round, bounds are off by one, byte orders are not swapped, constants are wrong, writes and map
updates are forgotten. Every mutant is run in the simulator with the cases that come by its C line. Each that survives
is told with a packet that fares differently with it; mutants for which none is found are left out of the count.

Examples:
  packetproof mutate lb.yml
  packetproof mutate scenarios/policy --least 90

Exit status: 0 done; 1 fewer caught than --least; 2 the input is wrong.`,
    )
    .action(async (paths: string[], options) => {
      const { mutateCommand } = await import("./mutate-command.js");
      process.exitCode = await mutateCommand(paths, options);
    });

  program
    .command("trace")
    .description("what one packet makes a program do, instruction by instruction, in the simulator")
    .argument("<scenario>", "a scenario file")
    .option("--case <name>", "the case (default: the first)")
    .option("--step <n>", "the step of the case (default: the first that sends)", positive)
    .option("--packet <n>", "the packet of the step", positive, 1)
    .option("--seed <number>", "start of all generated values", natural)
    .option("--instructions", "every instruction with its registers, instead of C lines", false)
    .option("--json <file>", "write the whole record as JSON")
    .addHelpText(
      "after",
      `
Examples:
  packetproof trace scenarios/drop/icmp.yml --case 'an echo request is dropped'
  packetproof trace lb.yml --case 'a SYN is rewritten' --step 2 --packet 3 --instructions`,
    )
    .action(async (file: string, options) => {
      const { traceCommand } = await import("./trace-command.js");
      process.exitCode = await traceCommand(file, options);
    });

  program
    .command("bench")
    .description("measure: XDP against TC and what people use instead, maps, sockets, programs of yours")
    .argument("<benchmark>", "a name (see below), a benchmark file, or a scenario whose cases are timed")
    .option("--json <file>", "write the result as JSON: what --gate and `report compare` read")
    .option("--html <file>", "write a page with plots: one file, opened from disk")
    .option("--markdown <file>", "write the tables and the machine as Markdown, for documentation")
    .option("--gate <file>", "fail where something is proven to be worse than in that earlier result")
    .option("--series <file>", "append the result as a line of JSON, and hold it against the last one there")
    .option("--force", "compare times of unlike hosts, too", false)
    .option("--seed <number>", "start of all generated values", natural, 1)
    .addHelpText(
      "after",
      `
Names: xdp-vs-tc, rules, load-balancing, sockets, maps, ours. Everything takes turns in rounds, a second
copy of the baseline among them: as far as that differs from the first, the method itself makes
differences up, and no effect within that is named.

Examples:
  packetproof bench xdp-vs-tc --json today.json --html today.html
  packetproof bench scenarios/drop/count.yml --json baseline.json
  packetproof bench scenarios/drop/count.yml --gate baseline.json

Exit status: 0 measured; 1 --gate found something proven to be worse; 2 the input is wrong; 3 there is no
kernel to measure.`,
    )
    .action(async (name: string, options) => {
      const { benchCommand } = await import("./bench-command.js");
      process.exitCode = await benchCommand(name, options);
    });

  const report = program.command("report").description("join, compare and look back at what runs left with --blob");
  const merge = report
    .command("merge")
    .description("join the parts that `run --shard` left on several machines; render them in any format")
    .argument("<blobs...>", "files that `run --blob` wrote")
    .option("--blob <file>", "write the joined run")
    .addHelpText(
      "after",
      `
A part that is missing, or that was cut short, is said, and makes the exit status 1.

Example:
  packetproof report merge shard-*.jsonl.gz --html report.html --junit report.xml`,
    )
    .action(async (files: string[], options) => {
      const { mergeCommand } = await import("./merge-command.js");
      process.exitCode = await mergeCommand(files, options);
    });
  withReports(merge);

  report
    .command("compare")
    .description("what got worse, changed and got better between two runs: verdicts, bytes, cost, verifier, time")
    .argument("<before>", "a file that `run --blob` or `bench --json` wrote")
    .argument("<after>", "another one")
    .option("--html <file>", "write a page to look at")
    .option("--json <file>", "write the differences as JSON")
    .option("--force", "compare measurements of unlike hosts, too", false)
    .addHelpText(
      "after",
      `
Exit status: 1 where something got worse; times alone, which vary, do not count.

Example:
  packetproof report compare main.jsonl.gz branch.jsonl.gz --html compare.html`,
    )
    .action(async (before: string, after: string, options) => {
      const { compareCommand } = await import("./compare-command.js");
      process.exitCode = await compareCommand(before, after, options);
    });

  report
    .command("history")
    .description("trend and flaky cases over past runs")
    .argument("<paths...>", "files that `run --blob` wrote, or folders of them")
    .option("--html <file>", "write a static page")
    .option("--json <file>", "write the history as JSON")
    .addHelpText(
      "after",
      `
Example:
  packetproof run scenarios --blob history/$(date +%s).jsonl.gz; packetproof report history history --html history.html`,
    )
    .action(async (paths: string[], options) => {
      const { historyCommand } = await import("./history-command.js");
      process.exitCode = await historyCommand(paths, options);
    });

  program
    .command("vm")
    .description("run bytecode in hex from standard input and print r0: the bpf_conformance suite's plugin protocol")
    .argument("[memory...]", "memory that r1 points to, in hex; r2 is its size")
    .option("--program <hex>", "the bytecode, instead of standard input")
    .option("--elf", "the program's bytes are an ELF object: run its first program", false)
    .option("--interpreter", "run it in the interpreter", false)
    .option("--jit", "run it compiled to WebAssembly (default)", false)
    .option("--debug", "say more about failures", false)
    .addHelpText(
      "after",
      "\nExample:\n  echo 'b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00' | packetproof vm   (prints 2a)",
    )
    .action(async (memory: string[], options) => {
      const { vmCommand } = await import("./vm-command.js");
      process.exitCode = vmCommand(memory, options);
    });

  program
    .command("doctor")
    .description("what runs here, what is missing, and the command that would mend it")
    .option("--json <file>", "write the findings as JSON")
    .action(async (options) => {
      const { doctorCommand } = await import("./doctor-command.js");
      process.exitCode = await doctorCommand(options);
    });

  program
    .command("clean")
    .description("remove namespaces, mounts and processes that an earlier, killed run left behind")
    .action(async () => {
      const { cleanCommand } = await import("./clean-command.js");
      process.exitCode = await cleanCommand();
    });

  return program;
}

/** The formats that a run, and runs that were joined, are rendered in; as many together as one likes. */
function withReports(command: Command): void {
  command
    .option("--html <file>", "write a report to look at: one file, opened from disk")
    .option("--bench <files>", "measurements that `bench --json` wrote, for --html to show, too", list)
    .option("--json <file>", "write the results as JSON")
    .option("--junit <file>", "write the results as JUnit XML")
    .option("--tap <file>", "write the results as TAP")
    .option("--github", "print annotations for GitHub Actions, and write the step summary", false);
}

function version(): string {
  return (JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { version: string }).version;
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function natural(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || text.trim() === "") {
    throw new InvalidArgumentError("It has to be a whole number from 0 on.");
  }
  return value;
}

/** In milliseconds. */
function duration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ""];
  if (factor === undefined) throw new InvalidArgumentError("It has to be like 30s, 5m or 500ms.");
  return Number(amount) * factor;
}

function positive(text: string): number {
  const value = natural(text);
  if (value === 0) throw new InvalidArgumentError("It has to be at least 1.");
  return value;
}

function regexp(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function shard(text: string): { index: number; count: number } {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (!index || !count || index > count) {
    throw new InvalidArgumentError("It has to be like 1/3: the first of three parts.");
  }
  return { index, count };
}
