/** A program that is attached; `detach` may be called more than once. */
export interface Attachment {
  detach(): void;
}
