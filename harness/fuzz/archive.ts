import { gzipSync } from "node:zlib";

const blockBytes = 512;

/** Files as one .tar.gz (POSIX ustar), always the same bytes for the same files. */
export function archive(files: ReadonlyMap<string, Uint8Array | string>): Uint8Array {
  const encoder = new TextEncoder();
  const blocks: Uint8Array[] = [];
  for (const [name, content] of files) {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    blocks.push(header(name, bytes.length), bytes, new Uint8Array(-bytes.length & (blockBytes - 1)));
  }
  blocks.push(new Uint8Array(2 * blockBytes));
  return gzipSync(Buffer.concat(blocks));
}

function header(name: string, sizeBytes: number): Uint8Array {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  };
  block.write(name, 0, 100, "utf8");
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(sizeBytes, 124, 11);
  octal(0, 136, 11);
  block.write("        0", 148, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}
