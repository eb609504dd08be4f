/** What a parent and its capture child say to each other (structured clone, so bytes stay bytes). */
export type CapRequest =
  | { readonly type: "open"; readonly dev: string }
  | { readonly type: "send"; readonly id: number; readonly frames: readonly Uint8Array[] };

export type CapReply =
  | { readonly type: "opened" }
  | { readonly type: "sent"; readonly id: number }
  | { readonly type: "frames"; readonly frames: readonly Uint8Array[] }
  | { readonly type: "failed"; readonly message: string };
