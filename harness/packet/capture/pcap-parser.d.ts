/** What the tests use of pcap-parser 0.2, which has no types of its own. */
declare module "pcap-parser" {
  interface PacketHeader {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  }

  interface Parser {
    readonly stream: { destroy(): void };
    /** What has arrived, but is not a whole packet yet. */
    readonly buffer: Uint8Array | null;
    /** The function that parses what comes next. */
    readonly state: { readonly name: string };
    on(event: "error", listener: (error: Error) => void): void;
    on(event: "end", listener: () => void): void;
    on(event: "packetHeader", listener: (header: PacketHeader) => void): void;
    on(event: "packet", listener: (packet: { readonly header: PacketHeader; readonly data: Uint8Array }) => void): void;
  }

  export function parse(input: NodeJS.ReadableStream): Parser;
}
