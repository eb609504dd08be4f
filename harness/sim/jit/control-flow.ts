import { isJump, type Code, type FunctionBody } from "../code.js";
import { tailCallHelper } from "../special.js";
import type { Instruction } from "../../isa/instruction.js";
import { componentsOf } from "./components.js";

/** Instructions that run one after the other. Successors are block numbers; both may be the same. */
export interface Block {
  readonly first: number;
  readonly end: number;
  /** Where a jump at its end leads. */
  readonly taken: number | undefined;
  /** The block behind it, where it can be reached by not jumping. */
  readonly next: number | undefined;
}

/** A WebAssembly block or loop over positions `begin` up to, without, `end`. */
export interface Construct {
  readonly kind: "block" | "loop";
  readonly begin: number;
  readonly end: number;
}

/** How a function's blocks are laid out. */
export interface Layout {
  readonly blocks: readonly Block[];
  /** Numbers of the reachable blocks in the order in which they are written: the entry first, loops in one piece. */
  readonly order: readonly number[];
  /**
   * Properly nested: a jump forward leaves the block that ends at its target, a jump back goes to the
   * loop that begins there. Undefined for irreducible control flow, which has to be dispatched.
   */
  readonly constructs: readonly Construct[] | undefined;
}

/** Loops nested deeper than this are not written by anyone: such code is dispatched. */
const maxLoopDepth = 100;

export function layOut(code: Code, body: FunctionBody): Layout {
  const blocks = splitBlocks(code, body);
  const successors = blocks.map(successorsOf);
  const arrangement = arrange(successors);
  if (!arrangement) return { blocks, order: reachable(successors), constructs: undefined };
  const { order, loops } = arrangement;
  return { blocks, order, constructs: nest(order, successors, loops) };
}

/** By block: those that lead to it and can be reached themselves. */
export function predecessorsOf({ blocks, order }: Layout): readonly (readonly number[])[] {
  return reverse(blocks.map(successorsOf), order);
}

function successorsOf({ taken, next }: Block): number[] {
  return [taken, next].filter((block) => block !== undefined);
}

function splitBlocks(code: Code, { first, end }: FunctionBody): Block[] {
  const leaders = new Set([first]);
  for (let index = first; index < end; index++) {
    const { instruction } = code.instructions[index]!;
    if (isJump(instruction)) leaders.add(code.targetOf(index));
    if (isJump(instruction) || mayLeave(instruction)) leaders.add(index + 1);
  }
  leaders.delete(end);
  const starts = [...leaders].sort((a, b) => a - b);
  const numbers = new Map(starts.map((start, number) => [start, number]));
  return starts.map((start, number) => {
    const blockEnd = starts[number + 1] ?? end;
    const { instruction } = code.instructions[blockEnd - 1]!;
    // The simulator never takes `may_goto` (see the interpreter).
    const jumps = isJump(instruction) && instruction.kind !== "mayGoto";
    const falls = instruction.kind !== "goto" && instruction.kind !== "exit";
    return {
      first: start,
      end: blockEnd,
      taken: jumps ? numbers.get(code.targetOf(blockEnd - 1)) : undefined,
      next: falls ? number + 1 : undefined,
    };
  });
}

/** What may end its function ends its block, so that executed instructions are counted exactly. */
function mayLeave(instruction: Instruction): boolean {
  if (instruction.kind === "callHelper") return instruction.helper === tailCallHelper;
  return instruction.kind === "exit" || instruction.kind === "loadPacket";
}

function reachable(successors: readonly (readonly number[])[]): number[] {
  const seen = new Set([0]);
  // A set is iterated in the order of insertion, including what is added meanwhile.
  for (const block of seen) for (const successor of successors[block]!) seen.add(successor);
  return [...seen].sort((a, b) => a - b);
}

interface Arrangement {
  readonly order: number[];
  readonly loops: Construct[];
}

/**
 * Topological order by strongly connected components: a component is a loop, written in one piece, its
 * only entry first, the rest arranged in the same way without the edges back to that entry
 * (Bourdoncle's weak topological order). Undefined where a loop has two entries.
 */
function arrange(successors: readonly (readonly number[])[]): Arrangement | undefined {
  const order: number[] = [];
  const loops: Construct[] = [];
  const headers = new Set<number>();
  const predecessors = reverse(successors, reachable(successors));

  const place = (roots: readonly number[], inside: ReadonlySet<number> | undefined, depth: number): boolean => {
    const follow = (block: number) =>
      successors[block]!.filter((to) => !headers.has(to) && (inside === undefined || inside.has(to)));
    for (const component of componentsOf(roots, follow)) {
      const isLoop = component.length > 1 || follow(component[0]!).includes(component[0]!);
      if (!isLoop) {
        order.push(component[0]!);
        continue;
      }
      const members = new Set(component);
      const entries = component.filter((b) => b === 0 || predecessors[b]!.some((from) => !members.has(from)));
      const [header] = entries;
      if (header === undefined || entries.length > 1 || depth > maxLoopDepth) return false;
      const begin = order.push(header) - 1;
      headers.add(header);
      const rest = follow(header).filter((to) => members.has(to));
      members.delete(header);
      if (!place(rest, members, depth + 1)) return false;
      loops.push({ kind: "loop", begin, end: order.length });
    }
    return true;
  };
  return place([0], undefined, 0) ? { order, loops } : undefined;
}

function reverse(successors: readonly (readonly number[])[], blocks: readonly number[]): number[][] {
  const predecessors: number[][] = successors.map(() => []);
  for (const from of blocks) for (const to of successors[from]!) predecessors[to]!.push(from);
  return predecessors;
}

/**
 * Where blocks have to begin so that every jump forward can leave one that ends at its target. A block
 * that would cross another construct begins earlier instead, which changes nothing of its meaning.
 */
function nest(
  order: readonly number[],
  successors: readonly (readonly number[])[],
  loops: readonly Construct[],
): Construct[] | undefined {
  const position = new Map(order.map((block, at) => [block, at]));
  const firstSource = new Map<number, number>();
  order.forEach((block, at) => {
    for (const successor of successors[block]!) {
      const to = position.get(successor)!;
      if (to > at + 1) firstSource.set(to, Math.min(firstSource.get(to) ?? at, at));
    }
  });
  const blocks = [...firstSource].map(([end, begin]): Construct => ({ kind: "block", begin, end }));
  // By end; inner loops before outer ones, and loops before the blocks that lead out of them.
  const inEndOrder = [...loops, ...blocks].sort((a, b) => a.end - b.end || rank(a) - rank(b) || b.begin - a.begin);
  const placed: Construct[] = [];
  const open: Construct[] = [];
  for (const { kind, begin, end } of inEndOrder) {
    let start = begin;
    for (let last = open.at(-1); last && last.end > start; last = open.at(-1)) {
      start = Math.min(start, last.begin);
      open.pop();
    }
    if (kind === "loop" && start !== begin) return undefined;
    const construct = { kind, begin: start, end };
    placed.push(construct);
    open.push(construct);
  }
  return placed;
}

function rank(construct: Construct): number {
  return construct.kind === "loop" ? 0 : 1;
}
