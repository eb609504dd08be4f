/**
 * What of a program is counted while it runs; everything else follows from these counts.
 *
 * - `function`: a function begins (called, called back, tail-called, or as the entry)
 * - `notTaken`, `taken`: the two ways out of a conditional jump; they always lie side by side, in this order
 * - `after`: a call came back, or a legacy packet load did not end the program
 * - `back`: an unconditional jump to an earlier instruction
 */
export interface CounterSite {
  readonly kind: "function" | "notTaken" | "taken" | "after" | "back";
  /** 8-byte slot of the instruction in the linked program. */
  readonly slot: number;
}

/** How often the parts of a linked program ran, over any set of runs. */
export interface ProgramCounts {
  readonly program: string;
  readonly functions: readonly FunctionCounts[];
}

export interface FunctionCounts {
  readonly name: string;
  /** ELF section that the function comes from. */
  readonly section: string;
  /** Slot of its first instruction in the linked program. */
  readonly slot: number;
  /** How often it was called. */
  readonly hits: number;
  /** Basic blocks in the order of the program; those that end at a call are followed by one that begins behind it. */
  readonly blocks: readonly BlockCounts[];
  readonly branches: readonly BranchCounts[];
  /** Executed instructions, in the order of the program. A fault counts the instruction at fault, and none behind it. */
  readonly instructions: readonly { readonly slot: number; readonly hits: number }[];
}

export interface BlockCounts {
  readonly slot: number;
  /** How often its first instruction was reached. */
  readonly hits: number;
}

/** A conditional jump. */
export interface BranchCounts {
  readonly slot: number;
  readonly taken: number;
  readonly notTaken: number;
}

/** A function of an object with its hits on C lines, over any set of runs. */
export interface FunctionCoverage {
  readonly object: string;
  /** ELF section. */
  readonly section: string;
  readonly name: string;
  readonly source: SourcePlace | undefined;
  /** How often it was called. */
  readonly hits: number;
  /** Each line once, with the hits of its instruction that ran most often; lines of inlined functions are among them. */
  readonly lines: readonly LineCoverage[];
  /** Conditional jumps in the order of the function. */
  readonly branches: readonly BranchCoverage[];
}

export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

export interface LineCoverage extends SourcePlace {
  readonly hits: number;
}

export interface BranchCoverage extends SourcePlace {
  /** Slot in the function. */
  readonly slot: number;
  readonly taken: number;
  readonly notTaken: number;
}
