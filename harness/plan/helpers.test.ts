import { expect } from "chai";
import { fixtureObject } from "../kernel/plan-builder.test.js";
import { toHex } from "../model/hex.js";
import type { DataType } from "../model/object.js";
import { Problems } from "../model/problems.js";
import type { ScriptedHelper, Written } from "../model/scenario.js";
import type { PlanContext } from "./context.js";
import { planHelpers } from "./helpers.js";

const place = { line: 1, column: 1, offset: 0 };
const span = { file: "s.yml", start: place, end: place };
const u32: DataType = { kind: "int", name: "u32", sizeBytes: 4, signed: false, encoding: "integer", bigEndian: false };
const member = (name: string, offsetBits: number) => ({ name, offsetBits, bitfieldBits: undefined, type: u32 });
const scalar = (value: string | number): Written => ({ kind: "scalar", value, span });

/** The helper's writes as `argument bytes mask`, or what is wrong. */
function plan(name: string, writes: Readonly<Record<string, Written>>): readonly string[] {
  const problems = new Problems();
  const object = {
    ...fixtureObject("xdp_count"),
    structs: [
      {
        kind: "struct" as const,
        name: "bpf_fib_lookup",
        sizeBytes: 8,
        members: [member("ifindex", 0), member("mtu", 32)],
      },
    ],
    kernelFunctions: [
      {
        name: "bpf_xdp_metadata_rx_hash",
        parameters: [
          { name: "ctx", pointsTo: undefined },
          { name: "hash", pointsTo: u32 },
        ],
      },
    ],
  };
  const entries = Object.entries(writes).map(([key, value]) => ({ key, keySpan: span, value }));
  const helper: ScriptedHelper = { name: { value: name, span }, calls: [{ returns: 0n, writes: entries }] };
  const planned = planHelpers({ object, problems } as unknown as PlanContext, [helper]);
  const wrong = problems.found.map(({ message, hint }) => `${message} (${hint})`);
  const calls = planned.flatMap((each) => each.calls.flatMap((call) => (call === "real" ? [] : call.writes)));
  return [...wrong, ...calls.map(({ argument, bytes, mask }) => `${argument} ${toHex(bytes)} ${toHex(mask)}`)];
}

describe("scripted helpers", () => {
  it("write the members that are named, typed by BTF, and leave the others", () => {
    const value: Written = { kind: "map", span, entries: [{ key: "ifindex", keySpan: span, value: scalar(2) }] };
    expect(plan("bpf_fib_lookup", { params: value })).to.deep.equal(["2 0200000000000000 ffffffff00000000"]);
  });

  it("write numbers where a parameter points to one", () => {
    expect(plan("bpf_check_mtu", { mtu_len: scalar(1500) })).to.deep.equal(["3 dc050000 ffffffff"]);
  });

  it("may be kernel functions that the object declares, typed by their prototypes", () => {
    expect(plan("bpf_xdp_metadata_rx_hash", { hash: scalar(0xcafe) })).to.deep.equal(["2 feca0000 ffffffff"]);
    expect(plan("bpf_xdp_metadata_rx_hash", { ctx: scalar(1) })[0]).to.match(/does not say what 'ctx'/);
    expect(plan("bpf_xdp_metadata_rx_hsh", {})).to.deep.equal([
      "there is no helper 'bpf_xdp_metadata_rx_hsh' (did you mean 'bpf_xdp_metadata_rx_hash'?)",
    ]);
  });

  it("write bytes in hex where nothing says what they are", () => {
    expect(plan("bpf_skb_load_bytes", { to: scalar("0x0102") })).to.deep.equal(["3 0102 ffff"]);
  });

  it("are mistakes where names are wrong, with the nearest right one", () => {
    expect(plan("bpf_fib_lokup", {})).to.deep.equal([
      "there is no helper 'bpf_fib_lokup' (did you mean 'bpf_fib_lookup'?)",
    ]);
    expect(plan("bpf_fib_lookup", { parms: scalar("00") })).to.deep.equal([
      "bpf_fib_lookup has no parameter 'parms' (did you mean 'params'?)",
    ]);
    expect(plan("bpf_tail_call", {})[0]).to.match(/cannot be scripted/);
  });
});
