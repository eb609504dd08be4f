/** What to do about a message, where it is one of those that everybody meets. */
interface Hint {
  readonly message: RegExp;
  readonly advice: string | ((match: RegExpExecArray) => string);
}

/** Messages of kernel/bpf/verifier.c (5.10 to 6.18) and libbpf; the first that matches counts. */
const hints: readonly Hint[] = [
  {
    message: /invalid access to packet, off=(-?\d+) size=(\d+)/,
    advice: ([, offset, size]) =>
      Number(offset) < 0
        ? "the offset may be negative: keep it unsigned and compare it with a constant first"
        : `prove first that the packet is that long: if (data + ${Number(offset) + Number(size)} > data_end) return …;`,
  },
  {
    message: /invalid mem access '(?:map_value|map_value_adj|ptr|sock|sock_common|tcp_sock|mem|rdonly_mem)_or_null'/,
    advice: "the pointer may be NULL (a lookup finds nothing): check it before it is used",
  },
  {
    message: /invalid mem access '(?:scalar|inv)'/,
    advice:
      "the verifier no longer knows this number as a pointer: data and data_end have to be read again after a helper that may move the packet",
  },
  {
    message: /infinite loop detected|back-edge from insn/,
    advice: "the loop needs an end that the verifier sees: for (i = 0; i < CONSTANT; i++), or bpf_loop()",
  },
  {
    message: /BPF program is too large|too many (?:jumps|states)|sequence of \d+ jumps is too complex/,
    advice:
      "the verifier follows every path: bound loops by fewer rounds, use bpf_loop(), verify parts once as global functions, or split with tail calls",
  },
  {
    message: /combined stack size of \d+ calls is \d+|stack size \d+ is too large|Looks like the BPF stack limit/,
    advice: "all frames of a call chain share 512 bytes of stack: keep large variables in a per-CPU array of one slot",
  },
  {
    message: /invalid (?:indirect )?read from stack|invalid read from stack/,
    advice: "part of that variable was never written (padding counts): initialise it with = {} or memset",
  },
  {
    message: /invalid write to stack|invalid stack|invalid unbounded variable-offset/,
    advice: "the access leaves the variable on the stack: bound the index with a constant",
  },
  {
    message: /program of this type cannot use helper (\w+)|unknown func (\w+)/,
    advice: ([, restricted, unknown]) =>
      `programs of this type have no ${restricted ?? unknown}, or not in this kernel: bpf-helpers(7) lists who may call it`,
  },
  {
    message: /cannot call GPL-restricted function|GPL-only/i,
    advice: 'the helper wants a GPL-compatible licence: char LICENSE[] SEC("license") = "Dual BSD/GPL";',
  },
  {
    message: /R0 !read_ok/,
    advice: "not every path returns a value: end all of them with a return",
  },
  {
    message: /R(\d+) !read_ok/,
    advice: ([, register]) =>
      `register ${register} was never set on this path: a variable is used before it gets a value`,
  },
  {
    message: /(?:At program exit|At callback return|register) R0 has|R0 has (?:unknown|value)/,
    advice: "the return value may be one that this program type does not have: return one of its named constants",
  },
  {
    message: /invalid bpf_context access off=(\d+) size=(\d+)/,
    advice:
      "this member of the context is read-only, of another width, or not for programs of this type (include/uapi/linux/bpf.h has the struct)",
  },
  {
    message: /dereference of modified ctx ptr|access to modified ctx/,
    advice:
      "context members are read as context->member only: the compiler moved the pointer, often because of a loop or memcpy",
  },
  {
    message:
      /unbounded m(?:in|ax)? ?value|unbounded memory access|min value is (?:negative|outside)|max value is outside|makes \w+ pointer be out of bounds|offset is outside of the packet/,
    advice: "compare the offset or length with a constant before it is used, in the same variable that is used then",
  },
  {
    message: /invalid access to map value, value_size=(\d+) off=(-?\d+) size=(\d+)/,
    advice: ([, valueSize]) => `the map's value has ${valueSize} bytes: bound the index, or correct value_size`,
  },
  {
    message: /Unreleased reference|reference leak/i,
    advice: "what was acquired (a socket, say) has to be released on every path",
  },
  { message: /unreachable insn/, advice: "there is code that no path comes to: often a function without return" },
  {
    message: /invalid func unknown#195896080|CO-RE relocation|<invalid CO-RE/,
    advice: "a CO-RE relocation found no such field in this kernel: guard it with bpf_core_field_exists()",
  },
  {
    message: /legacy map definitions in 'maps' section/,
    advice: 'libbpf 1.0 dropped SEC("maps"): declare the map with BTF in SEC(".maps")',
  },
  {
    message: /BTF is required, but is missing|failed to find valid kernel BTF/,
    advice: "compile with clang -g; for CO-RE the kernel needs CONFIG_DEBUG_INFO_BTF",
  },
];

/** One sentence of advice for a verifier's or libbpf's message; undefined where none is known. */
export function verifierHint(message: string): string | undefined {
  for (const { message: pattern, advice } of hints) {
    const match = pattern.exec(message);
    if (match) return typeof advice === "string" ? advice : advice(match);
  }
  return undefined;
}
