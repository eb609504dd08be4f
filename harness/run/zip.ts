import { deflateRawSync } from "node:zlib";

/** A file in an archive, by its path there, with `/` between folders. */
export interface ArchivedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * A ZIP archive (PKWARE APPNOTE 6.3.10): a header before each file, then the directory of them all. Names are UTF-8;
 * the time of all is 1980-01-01, so that the same files give the same bytes. Without ZIP64: less than 4 GiB in all.
 */
export function zip(files: readonly ArchivedFile[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes } of files) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(bytes, { level: 9 });
    const common = commonHeader(bytes, packed.length, name.length);
    const local = Buffer.concat([signature(0x04034b50), common, name]);
    directory.push(Buffer.concat([signature(0x02014b50), u16(versionNeeded), common, directoryOnly(offset), name]));
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, signature(0x06054b50), end]);
}

/** 2.0: deflate. */
const versionNeeded = 20;
/** Names are UTF-8. */
const utf8Flag = 1 << 11;
const deflated = 8;
/** Year 0 of the format, January, the 1st. */
const firstDay = (1 << 5) | 1;

/** What the header of a file and its entry in the directory have in common, from the version on. */
function commonHeader(bytes: Uint8Array, packedBytes: number, nameBytes: number): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(versionNeeded, 0);
  header.writeUInt16LE(utf8Flag, 2);
  header.writeUInt16LE(deflated, 4);
  header.writeUInt16LE(firstDay, 8);
  header.writeUInt32LE(crc32(bytes), 10);
  header.writeUInt32LE(packedBytes, 14);
  header.writeUInt32LE(bytes.length, 18);
  header.writeUInt16LE(nameBytes, 22);
  return header;
}

/** Comment, disk, attributes: none; then where the file's own header is. */
function directoryOnly(offset: number): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(offset, 10);
  return rest;
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value, 0);
  return bytes;
}

/** The one of ISO 3309, as ZIP and Ethernet have it; zlib's own came with Node 20.15. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
