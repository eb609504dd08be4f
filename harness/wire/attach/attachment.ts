/** A program that is attached. */
export interface Attachment {
  /** Returns when the program runs no more; may be called more than once. */
  detach(): Promise<void>;
  /** Puts another program of the same type into its place: every packet meets one of the two. */
  replace(programFd: number): void;
}
