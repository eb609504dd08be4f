import type { FieldValue, Packet } from "../../model/packet.js";
import { flowKeys, flowKeysBytes, readFlowKeys } from "../../packet/flow-keys.js";
import { readable, writable, type Arena } from "../arena.js";
import { errno } from "../errno.js";
import { socketBaseHelpers } from "../helpers/base.js";
import { mergeHelpers } from "../helpers/table.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import type { World } from "../world.js";
import { PacketBuffer } from "./packet-buffer.js";
import { skbContextBytes, skbField } from "./skb-fields.js";

const ethernetBytes = 14;

/** A test run takes more, but offsets among the keys have 16 bits. */
export const maxFlowPacketBytes = 65_536;

/**
 * What flow dissectors see: a packet that they only read, and the keys that they fill in. As in a test run there is
 * no skb behind it (net/bpf/test_run.c, bpf_prog_test_run_flow_dissector).
 */
export class FlowDissectorWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader = undefined;
  readonly redirect = undefined;
  /** Address of struct __sk_buff, of which a dissector sees `data`, `data_end` and `flow_keys`. */
  readonly context: number;
  readonly #arena: Arena;
  readonly #buffer: PacketBuffer;
  /** Address of struct bpf_flow_keys. */
  readonly #keys: number;
  #packetBytes = 0;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.context = arena.reserve(skbContextBytes, readable, "struct __sk_buff");
    this.#keys = arena.reserve(flowKeysBytes, readable | writable, "struct bpf_flow_keys");
    this.#buffer = new PacketBuffer(arena, maxFlowPacketBytes, readable);
    this.helpers = mergeHelpers(socketBaseHelpers(maps, world), {
      // bpf_skb_load_bytes(skb, offset, to, len): bpf_flow_dissector_load_bytes(), which wants an skb
      26: (call) => {
        call.write(3, call.u32(4)).fill(0);
        return -errno.EFAULT;
      },
    });
  }

  /** A packet, and the flags that bpf_flow_dissect() passes on. */
  open({ bytes, flags = 0 }: { readonly bytes: Uint8Array; readonly flags?: number }): void {
    const { view, bytes: memory } = this.#arena;
    const { start } = this.#buffer;
    this.#packetBytes = bytes.length;
    this.#buffer.set(start, bytes);
    this.#buffer.open(start, start + bytes.length);
    view.setUint32(this.context + skbField.data, start, true);
    view.setUint32(this.context + skbField.data_end, start + bytes.length, true);
    view.setBigUint64(this.context + skbField.flow_keys, BigInt(this.#keys), true);
    memory.fill(0, this.#keys, this.#keys + flowKeysBytes);
    memory.set(bytes.subarray(ethernetBytes - 2, ethernetBytes), this.#keys + flowKeys["n_proto"]!.offset);
    this.#setOffset("nhoff", ethernetBytes);
    this.#setOffset("thoff", ethernetBytes);
    view.setUint32(this.#keys + flowKeys["flags"]!.offset, flags, true);
  }

  /** struct bpf_flow_keys: offsets beyond the packet are brought back into it. */
  packet(): Uint8Array {
    const nhoff = clamped(this.#offset("nhoff"), ethernetBytes, this.#packetBytes);
    this.#setOffset("thoff", clamped(this.#offset("thoff"), nhoff, this.#packetBytes));
    this.#setOffset("nhoff", nhoff);
    return this.#arena.bytes.slice(this.#keys, this.#keys + flowKeysBytes);
  }

  accept({ bytes }: Packet, fields: Readonly<Record<string, FieldValue>>): void {
    this.open({ bytes, flags: Number(fields["flags"] ?? 0) });
  }

  /** The packet itself stays as it is. */
  output(): undefined {
    return undefined;
  }

  metadata(): Uint8Array {
    return new Uint8Array();
  }

  outputFields(): Readonly<Record<string, FieldValue>> {
    return readFlowKeys(this.packet());
  }

  #offset(name: "nhoff" | "thoff"): number {
    return this.#arena.view.getUint16(this.#keys + flowKeys[name]!.offset, true);
  }

  #setOffset(name: "nhoff" | "thoff", value: number): void {
    this.#arena.view.setUint16(this.#keys + flowKeys[name]!.offset, value, true);
  }
}

/** clamp_t(u16, …) */
function clamped(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high & 0xffff));
}
