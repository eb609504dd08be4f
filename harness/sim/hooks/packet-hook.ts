import type { ProgramType } from "../../model/hook.js";
import type { FieldValue, Packet } from "../../model/packet.js";
import { flowKeys } from "../../packet/flow-keys.js";
import type { HookWorld, LoadOptions } from "../simulated-object.js";
import { FlowDissectorWorld, maxFlowPacketBytes } from "./flow-dissector.js";
import { joinBytes } from "../../packet/join-bytes.js";
import { noPackets } from "./no-packets.js";
import { lookupInputFields, SkLookupWorld } from "./sk-lookup.js";
import { SkbWorld, type SkbClone, type SkbRedirect } from "./skb.js";
import { readSkbFields, skbInputFields } from "./skb-fields.js";
import { mostPacketBytes } from "./skb-packet.js";
import { XdpWorld, type Redirect } from "./xdp.js";

const ethernetBytes = 14;

export type Fields = Readonly<Record<string, FieldValue>>;

/** A hook through which packets go, whatever its context is. */
export interface PacketHook extends HookWorld {
  /** Address of the context structure. */
  readonly context: number;
  /** A fresh packet, with context fields that the scenario sets. */
  accept(packet: Packet, fields: Fields): void;
  /** The packet as the program left it, in the form in which it came; undefined where none comes out. */
  output(): Uint8Array | undefined;
  /** Why nobody can go on with the packet as the program left it; undefined where one can. */
  whyUnusable?(): string | undefined;
  /** Context fields after the run, by the names that scenarios use. */
  outputFields(): Fields;
  /** What stands in front of the packet (`data_meta`). */
  metadata(): Uint8Array;
  /** Where a redirected packet is to go. */
  readonly redirect: Redirect | SkbRedirect | undefined;
  /** Copies that the program sent while it ran, where it can. */
  readonly clones?: readonly SkbClone[];
}

/** Makes the hook's world for a program type; undefined for types that are not simulated. */
export function packetHook(type: ProgramType): LoadOptions<PacketHook>["hook"] | undefined {
  switch (type) {
    case "xdp":
      return (...parts) => new XdpHook(...parts);
    case "sched_cls":
    case "sched_act":
      return (...parts) => new SkbHook("sched_cls", ...parts);
    case "cgroup_skb":
    case "socket_filter":
    case "lwt_in":
    case "lwt_out":
    case "lwt_xmit":
      return (...parts) => new SkbHook(type, ...parts);
    case "flow_dissector":
      return (...parts) => new FlowDissectorWorld(...parts);
    case "sk_lookup":
      return (...parts) => new SkLookupWorld(...parts);
    case "sock_ops":
    case "sk_msg":
    case "sk_skb":
      return () => noPackets;
    default:
      return undefined;
  }
}

/** Context fields that a scenario may set or see for a program type. */
export function inputFieldsOf(type: ProgramType): readonly string[] {
  if (type === "sk_lookup") return lookupInputFields;
  if (type === "flow_dissector") return Object.keys(flowKeys);
  return type === "xdp"
    ? ["data_meta", "data_end", "ingress_ifindex", "rx_queue_index"]
    : [...skbInputFields, "data_end", "ip_summed"];
}

/**
 * Why a test run does not take a packet, as the rest of "packet 2 …"; undefined where it does. `frags`: whether an XDP
 * program knows of packets in several buffers.
 */
export function whyNotTaken(type: ProgramType, { linkType, bytes }: Packet, frags: boolean): string | undefined {
  if (type === "sk_lookup") return undefined;
  const ethernetSeen = ["xdp", "sched_cls", "sched_act", "flow_dissector"].includes(type);
  if (linkType !== "ethernet" && ethernetSeen) return `has no Ethernet header, which ${type} wants`;
  const length = bytes.length + (linkType === "ethernet" ? 0 : ethernetBytes);
  if (length < ethernetBytes) return `has ${bytes.length} bytes, less than an Ethernet header`;
  const longest = longestOf(type, frags);
  if (length <= longest) return undefined;
  const mend = type === "xdp" && !frags ? ", or more in section xdp.frags" : "";
  return `has ${bytes.length} bytes: programs of type ${type} get ${longest} at most${mend}`;
}

function longestOf(type: ProgramType, frags: boolean): number {
  if (type === "flow_dissector") return maxFlowPacketBytes;
  return type === "xdp" ? XdpWorld.maxPacketBytes(frags) : mostPacketBytes;
}

/** The interface by which packets come in unless a scenario names one. */
const defaultIfindex = 1;

const nothing = new Uint8Array();

class XdpHook extends XdpWorld implements PacketHook {
  /** What was given, 0 where nothing was: programs cannot change these, and a test run gives them back as they came. */
  #received: Fields = {};

  accept({ bytes }: Packet, fields: Fields): void {
    const { ingress_ifindex = 0, rx_queue_index = 0, egress_ifindex = 0 } = fields;
    this.#received = { ingress_ifindex, rx_queue_index };
    const metadata = fields["data_meta"];
    const front = metadata instanceof Uint8Array ? metadata : nothing;
    this.open({
      bytes: front.length === 0 ? bytes : joinBytes([front, bytes]),
      metadataBytes: front.length,
      linearBytes: front.length + Number(fields["data_end"] ?? bytes.length),
      ingressIfindex: Number(ingress_ifindex) || defaultIfindex,
      rxQueueIndex: Number(rx_queue_index),
      egressIfindex: Number(egress_ifindex),
    });
  }

  output(): Uint8Array {
    return this.packet();
  }

  outputFields(): Fields {
    return { ...this.#received, data_meta: this.metadata(), data_end: this.linearBytes };
  }
}

class SkbHook extends SkbWorld implements PacketHook {
  /** The header in front of what the program sees; made up for packets that came without. */
  #header = new Uint8Array();
  #isRawIp = false;

  accept({ linkType, bytes }: Packet, fields: Fields): void {
    this.#isRawIp = linkType === "raw-ip";
    const frame = this.#isRawIp ? withEthernet(bytes) : bytes;
    this.#header = frame.slice(0, ethernetBytes);
    const { data_meta, data_end = bytes.length, ...given } = fields;
    const linearBytes = Number(data_end) + frame.length - bytes.length;
    this.open({
      bytes: frame,
      linearBytes,
      fields: given,
      ...(data_meta instanceof Uint8Array && { metadata: data_meta }),
    });
  }

  output(): Uint8Array {
    const frame = this.packet();
    if (this.#isRawIp) return frame.slice(ethernetBytes);
    if (this.fromNetwork) frame.set(this.#header);
    return frame;
  }

  outputFields(): Fields {
    const headerBytes = this.#isRawIp ? ethernetBytes : 0;
    return {
      ...readSkbFields(this.contextView()),
      data_end: this.linearFrameBytes - headerBytes,
      ip_summed: this.checksumState,
    };
  }
}

function withEthernet(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ethernetBytes + packet.length);
  frame.set((packet[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00], ethernetBytes - 2);
  frame.set(packet, ethernetBytes);
  return frame;
}
