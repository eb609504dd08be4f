import type { Swap } from "../model/scenario.js";
import { type Decoder, byKind, located, refined } from "./decoder.js";
import { defaulted, object, optional, required } from "./object.js";
import { integer, word } from "./scalars.js";

const programName = located(word("a file name, or 'previous'"));

/** A program to put in the place of the one under test: its file, `previous`, or a mapping. */
export const swap: Decoder<Swap> = byKind("a file name, 'previous' or a mapping", {
  scalar: refined(programName, (program): Swap => toSwap({ program, entry: undefined, times: 1 })),
  map: refined(
    object("'swap'", {
      program: required(
        programName,
        "the program's file; `previous`: what was there before the last swap",
        "next.bpf.c",
      ),
      entry: optional(located(word("the name of a function")), "function, where the object has several", "next"),
      times: defaulted(integer(1, 10_000), 1, "to and fro so many times; an even number ends where it began", 100),
    }),
    toSwap,
  ),
});

/** What happens while packets go. */
export const meanwhile: Decoder<Swap> = refined(
  object("'meanwhile'", { swap: required(swap, "the program is replaced", { program: "next.bpf.c", times: 100 }) }),
  (found) => found.swap,
);

function toSwap({
  program,
  entry,
  times,
}: Pick<Swap, "entry" | "times"> & { program: Exclude<Swap["program"], string> }): Swap {
  const { value, span } = program;
  return { program: value === "previous" ? value : program, entry, times, span };
}
