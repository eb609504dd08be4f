import { existsSync } from "node:fs";
import { release } from "node:os";
import { execa } from "execa";
import { findCommand } from "../../netns/find-command.js";

/** Where distributions put the kernel's image with its debug information. */
function kernelImages(): readonly string[] {
  const kernel = release();
  return [
    `/usr/lib/debug/boot/vmlinux-${kernel}`,
    `/usr/lib/debug/lib/modules/${kernel}/vmlinux`,
    `/lib/modules/${kernel}/build/vmlinux`,
    `/boot/vmlinux-${kernel}`,
  ];
}

/**
 * The source lines of `function+offset` (decimal), as far as an image with debug information is there to tell; inlined
 * functions come innermost first. By default the running kernel's.
 */
export async function sourceLines(
  places: readonly string[],
  image = kernelImages().find((path) => existsSync(path)),
): Promise<ReadonlyMap<string, string>> {
  if (image === undefined || findCommand("addr2line") === undefined) return new Map();
  const found = await Promise.all(
    places.map(async (place) => {
      const { stdout, failed } = await execa("addr2line", ["-e", image, "-i", hexOffset(place)], { reject: false });
      const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("??"));
      return failed || lines.length === 0 ? [] : [[place, lines.map(shortPath).join(" in ")] as const];
    }),
  );
  return new Map(found.flat());
}

/** binutils (2.38 and later) take `symbol+0x1f`. */
function hexOffset(place: string): string {
  const [name, offset] = place.split("+");
  return `${name}+0x${Number(offset ?? 0).toString(16)}`;
}

/** Without the folder that the kernel was built in. */
function shortPath(line: string): string {
  return line
    .replace(/ \(discriminator \d+\)$/, "")
    .replace(/^.*?\/(?=(net|drivers|kernel|include|arch|lib|mm|fs)\/)/, "");
}
