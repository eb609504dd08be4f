import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { verifierHint } from "./verifier-hints.js";
import { explainVerifierLog, readVerifierLog } from "./verifier-log.js";

const folder = join(repositoryRoot(), "fixtures", "verifier-logs");
const recorded = (name: string): string => readFileSync(join(folder, `${name}.log`), "utf8");

describe("verifier log", () => {
  it("is folded to reason, C line, instruction, registers, hint and tail", () => {
    expect(explainVerifierLog(recorded("missing_null_check")).join("\n")).to.equal(
      `R0 invalid mem access 'map_value_or_null'
at              missing_null_check.bpf.c:18: *count += 1;
instruction     7: r1 = *(u64 *)(r0 +0)
where           R0=map_value_or_null(id=1,map=counters,ks=4,vs=8)
hint            the pointer may be NULL (a lookup finds nothing): check it before it is used
the log ends:
  (12 lines omitted)
  4: (18) r1 = 0xffff8881043b5800       ; R1=map_ptr(map=counters,ks=4,vs=8)
  6: (85) call bpf_map_lookup_elem#1    ; R0=map_value_or_null(id=1,map=counters,ks=4,vs=8)
  ; *count += 1; @ missing_null_check.bpf.c:18
  7: (79) r1 = *(u64 *)(r0 +0)
  R0 invalid mem access 'map_value_or_null'
  processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0`,
    );
  });

  it("names the place of every recorded refusal that has one", () => {
    const places = Object.fromEntries(
      ["context_write", "foreign_helper", "gpl_helper", "out_of_bounds_read", "unbounded_loop", "stack_too_large"].map(
        (name) => {
          const { source, reason } = readVerifierLog(recorded(name));
          return [name, `${reason[0]} | ${source ? `${source.file}:${source.line}` : "no line"}`];
        },
      ),
    );
    expect(places).to.deep.equal({
      context_write: "invalid bpf_context access off=16 size=4 | context_write.bpf.c:8",
      foreign_helper: "program of this type cannot use helper bpf_skb_load_bytes#26 | foreign_helper.bpf.c:10",
      gpl_helper: "cannot call GPL-restricted function from non-GPL compatible program | gpl_helper.bpf.c:8",
      out_of_bounds_read: "invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14) | out_of_bounds_read.bpf.c:15",
      unbounded_loop: "infinite loop detected at insn 0 | unbounded_loop.bpf.c:8",
      stack_too_large: "combined stack size of 2 calls is 640. Too large | no line",
    });
  });

  it("has advice for every recorded refusal", () => {
    const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));
    expect(logs).to.have.length.of.at.least(8);
    for (const name of logs) expect(readVerifierLog(recorded(name.slice(0, -4))).hint, name).to.be.a("string");
  });

  it("reads logs of kernels that give no line numbers", () => {
    const refusal = readVerifierLog(recorded("hand-written"));
    expect(refusal.source).to.equal(undefined);
    expect(refusal.registers).to.deep.equal(["R2=pkt(off=0,r=0,imm=0)"]);
    expect(refusal.hint).to.contain("data + 14 > data_end");
  });

  it("gives libbpf's own words where no verifier was asked", () => {
    const log = "libbpf: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+\n";
    expect(explainVerifierLog(log)).to.deep.equal([
      "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
      'hint            libbpf 1.0 dropped SEC("maps"): declare the map with BTF in SEC(".maps")',
    ]);
  });

  it("looks only at the end of an endless log, and still counts its lines", () => {
    const log = `0: (b7) r0 = 0\n`.repeat(1_000_000) + "BPF program is too large. Processed 1000001 insn\n";
    const { omittedLines, reason } = readVerifierLog(log);
    expect(omittedLines).to.equal(1_000_001 - 6);
    expect(reason).to.deep.equal(["BPF program is too large. Processed 1000001 insn"]);
  });

  it("explains an empty log with nothing", () => {
    expect(explainVerifierLog("")).to.deep.equal([]);
  });

  it("has no advice for what it does not know", () => {
    expect(verifierHint("the moon is in the wrong phase")).to.equal(undefined);
  });
});

function repositoryRoot(): string {
  let from = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(from, "package.json"))) from = dirname(from);
  return from;
}
