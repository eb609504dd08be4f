import { helperName } from "../isa/helper-names.js";
import type { Helper } from "./machine.js";

/**
 * Kernel functions (kfuncs) that some hook simulates. Programs call them by name; linking gives each the number of a
 * helper that no kernel has, so that engines know one kind of call.
 */
const names = [
  "bpf_dynptr_from_skb",
  "bpf_dynptr_from_xdp",
  "bpf_dynptr_slice",
  "bpf_dynptr_slice_rdwr",
  "bpf_dynptr_adjust",
  "bpf_dynptr_is_null",
  "bpf_dynptr_is_rdonly",
  "bpf_dynptr_size",
  "bpf_dynptr_clone",
  "bpf_dynptr_copy",
  "bpf_dynptr_memset",
  "bpf_iter_num_new",
  "bpf_iter_num_next",
  "bpf_iter_num_destroy",
  "bpf_rcu_read_lock",
  "bpf_rcu_read_unlock",
  "bpf_preempt_disable",
  "bpf_preempt_enable",
  "bpf_local_irq_save",
  "bpf_local_irq_restore",
  "bpf_obj_new_impl",
  "bpf_obj_drop_impl",
  "bpf_refcount_acquire_impl",
  "bpf_list_push_front_impl",
  "bpf_list_push_back_impl",
  "bpf_list_pop_front",
  "bpf_list_pop_back",
  "bpf_list_front",
  "bpf_list_back",
  "bpf_rbtree_add_impl",
  "bpf_rbtree_remove",
  "bpf_rbtree_first",
  "bpf_throw",
  "bpf_xdp_ct_lookup",
  "bpf_skb_ct_lookup",
  "bpf_ct_release",
  "bpf_xdp_pull_data",
  "bpf_crypto_ctx_acquire",
  "bpf_crypto_ctx_release",
  "bpf_crypto_encrypt",
  "bpf_crypto_decrypt",
  "bpf_sk_assign_tcp_reqsk",
] as const;

export type KernelFunctionName = (typeof names)[number];

/** Above all numbers of helpers. */
const firstNumber = 1 << 20;

/** By their place: the simulated ones, then those that scenarios script beside them. */
const known: string[] = [...names];

/** Undefined for functions that are neither simulated nor scripted. */
export function kernelFunctionNumber(name: string): number | undefined {
  const index = known.indexOf(name);
  return index < 0 ? undefined : firstNumber + index;
}

/** As `kernelFunctionNumber`, of any function: from now on it has a number. */
export function numberForScript(name: string): number {
  return kernelFunctionNumber(name) ?? firstNumber + known.push(name) - 1;
}

/** Kernel functions by name, as a table of helpers. */
export function kernelFunctions(
  table: Readonly<Partial<Record<KernelFunctionName, Helper>>>,
): Readonly<Record<number, Helper>> {
  return Object.fromEntries(Object.entries(table).map(([name, helper]) => [kernelFunctionNumber(name)!, helper]));
}

/** What is called by a number: `bpf_redirect`, or the name of a kernel function. */
export function calleeName(number: number): string | undefined {
  return number < firstNumber ? helperName(number) : known[number - firstNumber];
}

export function isKernelFunction(number: number): boolean {
  return number >= firstNumber;
}
