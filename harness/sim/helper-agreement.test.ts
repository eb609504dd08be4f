import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import * as fc from "fast-check";
import { clangArguments } from "../run/compile.js";
import { loadObject } from "../kernel/load.js";
import { planFor } from "../kernel/plan-builder.test.js";
import { whyNoKernel } from "../kernel/probe.js";
import { RunFolder } from "../kernel/run-folder.js";
import { TestRun } from "../kernel/test-run.js";
import { toHex } from "../model/hex.js";
import { readObject } from "../object/read-object.js";
import { engineNames } from "./engine.js";
import {
  hookOf,
  kernelMaps,
  runKernel,
  runSimulator,
  simulate,
  simulatedMaps,
  type Sample,
  type TestedType,
} from "./side-by-side.test.js";

/**
 * Helpers with arguments from the packet, most of them wrong: what the kernel answers, the simulator has
 * to answer, too. A program does a few calls and sums up in `result` what came back.
 */
export interface HelperCase {
  readonly name: string;
  readonly type: TestedType;
  /** Declarations, then the calls; `arg` are six numbers from the packet. */
  readonly maps?: string;
  readonly calls: string;
  /** Packets of one buffer, unless given; with packets of several, the program is one of `xdp.frags`. */
  readonly samples?: fc.Arbitrary<Sample>;
}

const sections: Readonly<Record<TestedType, string>> = {
  xdp: "xdp",
  sched_cls: "tc",
  cgroup_skb: "cgroup_skb/ingress",
  socket_filter: "socket",
  lwt_in: "lwt_in",
  lwt_out: "lwt_out",
  lwt_xmit: "lwt_xmit",
  flow_dissector: "flow_dissector",
  sk_lookup: "sk_lookup",
};

/** How six numbers come out of a packet; a dissector has no other way than to read them. */
function fetch(type: TestedType): string {
  if (type === "flow_dissector")
    return `
      if ((void *)(long)context->data + 38 > (void *)(long)context->data_end) return 0;
      __builtin_memcpy(arg, (void *)(long)context->data + 14, 24);`;
  if (type === "sk_lookup")
    return `
      arg[0] = context->remote_ip4; arg[1] = context->local_ip4; arg[2] = context->remote_port; arg[3] = context->local_port;
      arg[4] = context->remote_ip6[3]; arg[5] = context->local_ip6[0];`;
  const load = type === "xdp" ? "bpf_xdp_load_bytes" : "bpf_skb_load_bytes";
  return `if (${load}(context, 14, arg, sizeof(arg))) return 0;`;
}

function sourceOf({ type, maps = "", calls, samples }: HelperCase): string {
  const context = type === "xdp" ? "xdp_md" : type === "sk_lookup" ? "bpf_sk_lookup" : "__sk_buff";
  return `
    #include <linux/bpf.h>
    #include <linux/filter.h>
    #include <bpf/bpf_helpers.h>
    #include <bpf/bpf_endian.h>
    struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 1); } result SEC(".maps");
    ${maps}
    #define note(value) (hash = (hash ^ (__u64)(value)) * 0x100000001b3)
    SEC("${sections[type]}${type === "xdp" && samples ? ".frags" : ""}")
    int program(struct ${context} *context) {
      __u64 hash = 0xcbf29ce484222325;
      __u32 arg[6] = {}, zero = 0;
      ${fetch(type)}
      { ${calls} }
      __u64 *slot = bpf_map_lookup_elem(&result, &zero);
      if (slot) *slot ^= hash;
      return hash & ${type === "cgroup_skb" || type === "sk_lookup" ? 1 : 0x7fffffff};
    }
    char LICENSE[] SEC("license") = "GPL";`;
}

/** Ethernet, a type that means something more often than not, and any bytes behind it. */
export const frames = fc
  .tuple(
    fc.uint8Array({ minLength: 12, maxLength: 12 }),
    fc.constantFrom([0x08, 0x00], [0x86, 0xdd], [0x81, 0x00], [0x88, 0xa8], [0x12, 0x34], [0x00, 0x20]),
    fc.uint8Array({ minLength: 40, maxLength: 90 }),
  )
  .map(([addresses, etherType, rest]) => Uint8Array.of(...addresses, ...etherType, ...rest));

/** A test for each case: hundreds of packets on both engines and in the kernel. */
export function itAgreesWithTheKernel(cases: readonly HelperCase[]): void {
  const folder = new RunFolder(`helpers-${process.pid}`);
  const sources = mkdtempSync(join(tmpdir(), "packetproof-helpers-"));
  let testRun: TestRun;

  before(function () {
    if (whyNoKernel() !== undefined) this.skip();
    testRun = new TestRun();
  });
  after(() => {
    folder.close();
    rmSync(sources, { recursive: true });
  });

  for (const [index, helperCase] of cases.entries()) {
    it(`agree on ${helperCase.name}`, async () => {
      const path = join(sources, `case${index}.bpf.c`);
      writeFileSync(path, sourceOf(helperCase));
      await execa("clang", [...clangArguments(), "-Wno-unused", "-c", path, "-o", `${path}.o`]);
      const object = readObject(readFileSync(`${path}.o`), `case${index}`);
      const { type } = helperCase;
      const result = loadObject(planFor(object, hookOf[type]), folder);
      if (!result.accepted) throw new Error(result.log.slice(-1500));
      try {
        const ordinary = frames.map((bytes) => ({ bytes }));
        const samples = fc.sample(helperCase.samples ?? ordinary, { numRuns: helperCase.samples ? 100 : 300, seed: 7 });
        const expected = samples.map((sample) => runKernel(result.loaded, testRun, type, sample));
        for (const engine of engineNames) {
          const simulated = simulate(object, type, engine);
          const actual = samples.map((sample) => runSimulator(simulated, "program", sample));
          actual.forEach((outcome, i) => expect(outcome, described(engine, samples[i]!)).to.deep.equal(expected[i]));
          expect(simulatedMaps(object, simulated)).to.deep.equal(kernelMaps(object, result.loaded));
        }
      } finally {
        result.loaded.close();
      }
    });
  }
}

function described(engine: string, { bytes, linearBytes }: Sample): string {
  return `${engine} ${toHex(bytes)}${linearBytes === undefined ? "" : `, ${linearBytes} in the first buffer`}`;
}
