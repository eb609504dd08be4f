import { readable, writable, type Arena } from "../arena.js";
import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import { kernelFunctions } from "../kernel-functions.js";
import type { Machine } from "../machine.js";
import type { HelperTable } from "./table.js";

/** Objects that programs allocate, and the lists and trees that hold them (kernel/bpf/helpers.c). */
export function objectHelpers(arena: Arena, sizeOfType: (id: number) => number | undefined): HelperTable {
  const heap = new Heap(arena);
  const lists = new Collections(heap);
  const trees = new Collections(heap);
  const push = (call: Call, place: (nodes: number[], node: number) => void) => {
    if (trees.holds(call.address(2))) return (heap.drop(call.address(2)), -errno.EINVAL);
    return lists.insert(call.address(1), call.address(2), place);
  };
  return {
    // bpf_kptr_xchg(map_value, ptr)
    194: (call) => {
      const [slot, pointer] = [call.address(1), call.u64(2)];
      call.write(1, 8);
      const before = arena.view.getBigUint64(slot, true);
      arena.view.setBigUint64(slot, pointer, true);
      return before;
    },
    ...kernelFunctions({
      // (local_type_id, meta)
      bpf_obj_new_impl: (call) => {
        const sizeBytes = sizeOfType(call.u32(1));
        if (sizeBytes === undefined) throw new Fault(`allocates an object of type ${call.u32(1)}, which is no struct`);
        return heap.allocate(sizeBytes);
      },
      // (object, meta)
      bpf_obj_drop_impl: (call) => (heap.drop(call.address(1)), 0),
      bpf_refcount_acquire_impl: (call) => heap.acquire(call.address(1)),
      // (head, node, meta, offset)
      bpf_list_push_front_impl: (call) => push(call, (nodes, node) => nodes.unshift(node)),
      bpf_list_push_back_impl: (call) => push(call, (nodes, node) => nodes.push(node)),
      // (head)
      bpf_list_pop_front: (call) => lists.remove(call.address(1), lists.of(call.address(1))[0]),
      bpf_list_pop_back: (call) => lists.remove(call.address(1), lists.of(call.address(1)).at(-1)),
      bpf_list_front: (call) => lists.of(call.address(1))[0] ?? 0,
      bpf_list_back: (call) => lists.of(call.address(1)).at(-1) ?? 0,
      // (root, node, less, meta, offset)
      bpf_rbtree_add_impl: (call, machine) => {
        const less = call.address(3);
        return trees.insert(call.address(1), call.address(2), (nodes, node) => {
          nodes.splice(
            placeOf(nodes, node, (a, b) => isLess(call, machine, less, a, b)),
            0,
            node,
          );
        });
      },
      // (root, node)
      bpf_rbtree_remove: (call) => trees.remove(call.address(1), call.address(2)),
      bpf_rbtree_first: (call) => trees.of(call.address(1))[0] ?? 0,
    }),
  };
}

/** Behind all nodes that a node is not less than, as a tree is descended. */
function placeOf(nodes: readonly number[], node: number, less: (a: number, b: number) => boolean): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (less(node, nodes[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isLess(call: Call, machine: Machine, less: number, a: number, b: number): boolean {
  call.set(1, a);
  call.set(2, b);
  machine.callBack(less);
  return call.u32(0) !== 0;
}

/** Nodes in order, by the address of the head or root that they hang on. */
class Collections {
  readonly #heap: Heap;
  readonly #nodes = new Map<number, number[]>();
  readonly #owner = new Map<number, number>();

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  of(root: number): number[] {
    const known = this.#nodes.get(root) ?? [];
    this.#nodes.set(root, known);
    return known;
  }

  holds(node: number): boolean {
    return this.#owner.has(node);
  }

  /** A node hangs in one place only: the reference to one that hangs already is given up. */
  insert(root: number, node: number, place: (nodes: number[], node: number) => void): number {
    if (this.holds(node)) {
      this.#heap.drop(node);
      return -errno.EINVAL;
    }
    place(this.of(root), node);
    this.#owner.set(node, root);
    return 0;
  }

  /** The node, which is the caller's now; 0 if it does not hang there. */
  remove(root: number, node: number | undefined): number {
    if (node === undefined || this.#owner.get(node) !== root) return 0;
    this.#owner.delete(node);
    this.of(root).splice(this.of(root).indexOf(node), 1);
    return node;
  }
}

interface Block {
  readonly start: number;
  readonly sizeBytes: number;
  references: number;
}

class Heap {
  readonly #arena: Arena;
  readonly #blocks = new Map<number, Block>();
  readonly #free = new Map<number, number[]>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Address of a zeroed object; 0 where memory is used up. */
  allocate(sizeBytes: number): number {
    const start =
      this.#free.get(sizeBytes)?.pop() ??
      this.#arena.allocate(sizeBytes, 0, () => ({ name: "an allocated object", start: 0, sizeBytes }));
    if (start === undefined) return 0;
    this.#arena.bytes.fill(0, start, start + sizeBytes);
    this.#arena.protect(start, sizeBytes, readable | writable);
    this.#blocks.set(start, { start, sizeBytes, references: 1 });
    return start;
  }

  acquire(address: number): number {
    this.#blockOf(address).references++;
    return address;
  }

  /** `address` may be anywhere in the object. */
  drop(address: number): void {
    const block = this.#blockOf(address);
    if (--block.references > 0) return;
    const { start, sizeBytes } = block;
    this.#arena.protect(start, sizeBytes, 0);
    this.#blocks.delete(start);
    this.#free.set(sizeBytes, [...(this.#free.get(sizeBytes) ?? []), start]);
  }

  #blockOf(address: number): Block {
    const known = this.#blocks.get(address);
    if (known) return known;
    for (const block of this.#blocks.values())
      if (address >= block.start && address < block.start + block.sizeBytes) return block;
    throw new Fault(`takes 0x${address.toString(16)} for an allocated object`);
  }
}
