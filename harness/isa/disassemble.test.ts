import { expect } from "chai";
import { fromHex } from "../model/hex.js";
import { decodeInstruction } from "./decode.js";
import { disassemble } from "./disassemble.js";

/** Lines of verifier logs (kernel/bpf/disasm.c), with the bytes they stand for. */
const lines: readonly (readonly [string, string])[] = [
  ["07010000 08000000", "(07) r1 += 8"],
  ["04010000 ffffffff", "(04) w1 += -1"],
  ["3f210000 00000000", "(3f) r1 /= r2"],
  ["3c210100 00000000", "(3c) w1 s/= w2"],
  ["9f210100 00000000", "(9f) r1 s%= r2"],
  ["c7010000 20000000", "(c7) r1 s>>= 32"],
  ["87030000 00000000", "(87) r3 = -r3"],
  ["84030000 00000000", "(84) w3 = -w3"],
  ["bc210800 00000000", "(bc) w1 = (s8)w2"],
  ["bf212000 00000000", "(bf) r1 = (s32)r2"],
  ["dc010000 10000000", "(dc) r1 = be16 r1"],
  ["d4010000 20000000", "(d4) r1 = le32 r1"],
  ["d7010000 40000000", "(d7) r1 = bswap64 r1"],
  ["18010000 efbeadde 00000000 01000000", "(18) r1 = 0x1deadbeef"],
  ["28000000 0c000000", "(28) r0 = *(u16 *)skb[12]"],
  ["50200000 0e000000", "(50) r0 = *(u8 *)skb[r2 + 14]"],
  ["61120400 00000000", "(61) r2 = *(u32 *)(r1 +4)"],
  ["9112ffff 00000000", "(91) r2 = *(s8 *)(r1 -1)"],
  ["7b1af8ff 00000000", "(7b) *(u64 *)(r10 -8) = r1"],
  ["7a0af8ff 07000000", "(7a) *(u64 *)(r10 -8) = 7"],
  ["db210000 00000000", "(db) lock *(u64 *)(r1 +0) += r2"],
  ["c3210400 a0000000", "(c3) lock *(u32 *)(r1 +4) ^= r2"],
  ["db210000 01000000", "(db) r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)"],
  ["c3210000 e1000000", "(c3) r2 = atomic_xchg((u32 *)(r1 +0), r2)"],
  ["db210000 f1000000", "(db) r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)"],
  ["cb120000 00010000", "(cb) r2 = load_acquire((u16 *)(r1 +0))"],
  ["c3210000 10010000", "(c3) store_release((u32 *)(r1 +0), r2)"],
  ["05000300 00000000", "(05) goto pc+3"],
  ["06000000 feffffff", "(06) gotol pc-2"],
  ["e5000200 00000000", "(e5) may_goto pc+2"],
  ["2d430500 00000000", "(2d) if r3 > r4 goto pc+5"],
  ["56010300 11000000", "(56) if w1 != 0x11 goto pc+3"],
  ["c501fdff ffffffff", "(c5) if r1 s< 0xffffffff goto pc-3"],
  ["85000000 01000000", "(85) call bpf_map_lookup_elem#1"],
  ["85100000 04000000", "(85) call pc+4"],
  ["95000000 00000000", "(95) exit"],
];

describe("disassembly", () => {
  const symbols = { helper: (number: number) => (number === 1 ? "bpf_map_lookup_elem" : undefined) };
  for (const [bytes, text] of lines) {
    it(text, () => {
      expect(disassemble(decodeInstruction(fromHex(bytes), 0), symbols)).to.equal(text);
    });
  }
});
