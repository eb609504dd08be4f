import type { PacketHook } from "./packet-hook.js";

/** Programs that run for sockets alone: packets pass them by, and no step sends any. */
export const noPackets: PacketHook = {
  helpers: new Map(),
  loader: undefined,
  context: 0,
  redirect: undefined,
  accept: () => undefined,
  output: () => undefined,
  outputFields: () => ({}),
  metadata: () => new Uint8Array(),
};
