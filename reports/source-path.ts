/** `./bpf/features/../include/ip.h` → `bpf/include/ip.h`: line information names files as the compiler came to them. */
export function sourcePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
