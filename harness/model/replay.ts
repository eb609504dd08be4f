import type { BackendName } from "./backend.js";

export const replaySchemaVersion = 1;

/** What one backend made of one packet. Null = there is none. */
export interface ReplayRecord {
  /** The verdict's name in the kernel, or the return value where it has none. */
  readonly verdict: string | null;
  /** Signed, 32 bits. */
  readonly retval: number | null;
  /**
   * What `data_out` of BPF_PROG_TEST_RUN holds, of dropped packets too: for programs that do not see the Ethernet
   * header, there are zeroes in its place.
   */
  readonly dataOutHex: string | null;
  /** The program did what it may not do. */
  readonly fault: string | null;
  /**
   * What the program did that the simulator would end it for, and the kernel lets pass: it read of the stack what it had
   * not written. The rest of the record is of a run that went on with zeroes.
   */
  readonly warning: string | null;
  /** Why the backend does not take this packet. */
  readonly refused: string | null;
  /** Why the backend cannot run the object at all: the verifier's words, or what is not simulated. */
  readonly unsupported: string | null;
}

export type ReplayedPacket = {
  /** 1-based, as Wireshark numbers frames. */
  readonly index: number;
  /** Whether all backends came to the same; null where one of them has no answer to compare. */
  readonly agree: boolean | null;
} & { readonly [Name in BackendName]?: ReplayRecord };

/** A map's contents behind the last packet. */
export interface ReplayedMap {
  readonly map: string;
  readonly agree: boolean;
  /** The first entries that differ: key and what each backend has there, in hex. */
  readonly differences: readonly ({ readonly key: string } & { readonly [Name in BackendName]?: string })[];
}

/** What `--json FILE` of `replay` holds. */
export interface ReplayReport {
  readonly schemaVersion: number;
  readonly packets: readonly ReplayedPacket[];
  readonly maps: readonly ReplayedMap[];
  readonly totals: {
    readonly agree: number;
    readonly differ: number;
    /** Packets without an answer from one of the backends. */
    readonly unsupported: number;
    readonly faults: number;
    readonly mapsDiffer: number;
  };
}
