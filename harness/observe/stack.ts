/** bpftrace's kernel stack, one function a line, as one line: `nft_do_chain+1000 < nf_hook_slow+67`. */
export function stackText(printed: string): string {
  const lines = printed.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "").join(" < ");
}
