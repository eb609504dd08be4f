import type { FieldValue, Packet } from "../../model/packet.js";
import { lookupFieldsOf } from "../../packet/lookup-fields.js";
import { readable, type Arena } from "../arena.js";
import { errno } from "../errno.js";
import { socketBaseHelpers } from "../helpers/base.js";
import { mergeHelpers } from "../helpers/table.js";
import type { Helper } from "../machine.js";
import type { MapTable } from "../maps/map-table.js";
import type { HookWorld } from "../simulated-object.js";
import { families, protocols } from "../sockets/socket-memory.js";
import { tcpState, type Socket } from "../sockets/socket.js";
import type { World } from "../world.js";

/** Members of struct bpf_sk_lookup (include/uapi/linux/bpf.h); all numbers but `remote_port` are in host order. */
const field = {
  sk: 0,
  family: 8,
  protocol: 12,
  remote_ip4: 16,
  remote_ip6: 20,
  remote_port: 36,
  local_ip4: 40,
  local_ip6: 44,
  local_port: 60,
  ingress_ifindex: 64,
} as const;
const contextBytes = 72;

export const lookupInputFields = Object.keys(field).filter((name) => name !== "sk");

/** BPF_SK_LOOKUP_F_REPLACE and BPF_SK_LOOKUP_F_NO_REUSEPORT. */
const assignFlag = { replace: 1n, all: 3n } as const;

/** What sk_lookup programs see: which connection a socket is wanted for. */
export class SkLookupWorld implements HookWorld {
  readonly helpers: ReadonlyMap<number, Helper>;
  readonly loader = undefined;
  readonly redirect = undefined;
  /** Address of struct bpf_sk_lookup. */
  readonly context: number;
  /** What the program has chosen. */
  selected: Socket | undefined;
  readonly #arena: Arena;

  constructor(arena: Arena, maps: MapTable, world: World) {
    this.#arena = arena;
    this.context = arena.reserve(contextBytes, readable, "struct bpf_sk_lookup");
    this.helpers = mergeHelpers(socketBaseHelpers(maps, world), {
      // bpf_sk_assign(ctx, sk, flags) of sk_lookup: a null pointer takes the choice back
      124: (call) => {
        const [address, flags] = [call.address(2), call.u64(3)];
        if ((flags & ~assignFlag.all) !== 0n) return -errno.EINVAL;
        const socket = address === 0 ? undefined : maps.sockets.at(address);
        const refused = socket ? this.#refuses(socket) : 0;
        if (refused !== 0) return refused;
        if (this.selected && (flags & assignFlag.replace) === 0n) return -errno.EEXIST;
        this.selected = socket;
        const { view } = arena;
        view.setBigUint64(this.context + field.sk, BigInt(socket ? maps.sockets.addressOf(socket) : 0), true);
        return 0;
      },
    });
  }

  /** The connection that a packet belongs to; fields that are given win over the packet's own. */
  accept(packet: Packet, fields: Readonly<Record<string, FieldValue>>): void {
    const { view, bytes } = this.#arena;
    bytes.fill(0, this.context, this.context + contextBytes);
    this.selected = undefined;
    for (const [name, value] of Object.entries({ ...lookupFieldsOf(packet), ...fields })) {
      const at = this.context + field[name as keyof typeof field];
      if (value instanceof Uint8Array) bytes.set(value, at);
      else if (name === "remote_port") view.setUint16(at, Number(value));
      else view.setUint32(at, Number(value), true);
    }
    // The kernel takes and shows the addresses of the connection's own family only.
    const isIpv6 = view.getUint32(this.context + field.family, true) === families[16];
    const others = isIpv6 ? (["remote_ip4", "local_ip4"] as const) : (["remote_ip6", "local_ip6"] as const);
    for (const name of others)
      bytes.fill(0, this.context + field[name], this.context + field[name] + (isIpv6 ? 4 : 16));
  }

  /** No packet comes out, and nothing of the context is given back. */
  output(): undefined {
    return undefined;
  }

  outputFields(): Readonly<Record<string, FieldValue>> {
    return {};
  }

  metadata(): Uint8Array {
    return new Uint8Array();
  }

  #refuses({ state, protocol, isIpv6, remote }: Socket): number {
    const { view } = this.#arena;
    const isConnected = protocol === "tcp" && state !== tcpState.listen && remote !== undefined;
    if (isConnected) return -errno.ESOCKTNOSUPPORT;
    if (protocols[protocol] !== view.getUint32(this.context + field.protocol, true)) return -errno.EPROTOTYPE;
    const family = view.getUint32(this.context + field.family, true);
    return family !== families[isIpv6 ? 16 : 4] ? -errno.EAFNOSUPPORT : 0;
  }
}
