/** Numbers of the pcapng format (draft-ietf-opsawg-pcapng), shared by reader and writer. */
export const blockTypes = {
  section: 0x0a0d_0d0a,
  interface: 1,
  /** Obsolete, but old files have it. */
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;

export const byteOrderMagic = 0x1a2b_3c4d;

export const optionCodes = {
  end: 0,
  comment: 1,
  section: { hardware: 2, os: 3, application: 4 },
  interface: { name: 2, description: 3, timeResolution: 9, fcsBytes: 13, timeOffset: 14 },
  packet: { flags: 2, verdict: 7 },
} as const;

/** `epb_verdict` types: what returned the value that follows as a 64-bit integer. */
export const verdictTypes = { tc: 1, xdp: 2 } as const;

/** Block type, length, and the length once more at the end. */
export const blockFrameBytes = 12;

/** Everything is padded to 32 bits. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
