/**
 * The program did what a kernel would not let it do. Thrown by memory, helpers and engines, which
 * know what happened; the engine adds where (`ProgramFault`).
 */
export class Fault extends Error {
  override readonly name: string = "Fault";
}

/** A fault with its place: what observations and messages are made of. */
export class ProgramFault extends Fault {
  override readonly name = "ProgramFault";
  /** Index of the 8-byte slot in the linked program. */
  readonly slot: number;
  /** C source `file:line`, where the object has line info. */
  readonly source: string | undefined;

  constructor(message: string, slot: number, source: string | undefined) {
    super(message);
    this.slot = slot;
    this.source = source;
  }
}
