/** A program that is attached. */
export interface Attachment {
  /** Returns when the program runs no more; may be called more than once. */
  detach(): Promise<void>;
}
