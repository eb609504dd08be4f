import type { Place } from "../../model/topology.js";
import type { Network } from "../../../netns/network.js";

/** A frame that an interface received. */
export interface CapturedFrame {
  readonly place: Place;
  /** From the destination address on, VLAN tags included, without frame check sequence. */
  readonly bytes: Uint8Array;
  /** Nanoseconds since the epoch, taken by the kernel when the frame arrived; undefined where the port has none. */
  readonly timestampNs: bigint | undefined;
  /** Of the AF_XDP socket that received the frame; undefined where the interface did. */
  readonly queue?: number;
  /** The frame had VLAN tags that the kernel took out before it could be captured. */
  readonly tagLost?: boolean;
}

/** Where frames are captured; they wait there until they are fetched. */
export interface FrameSource {
  readonly place: Place;
  /** Frames in the order of their arrival; none if there are none. Never waits. */
  receive(): Promise<readonly CapturedFrame[]>;
  /** Frames lost since it was opened because nobody fetched them in time; undefined where unknown. */
  lost(): Promise<number | undefined>;
  close(): Promise<void>;
}

/**
 * One interface to send frames from and to capture what it receives; what leaves it, by whatever way, is not
 * captured. Two implementations pass port.contract.ts.
 */
export interface FramePort extends FrameSource {
  /** Sends the frames in order, through the interface's queueing discipline as the host's own stack would. */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** Whether a frame is there, waiting for one up to so long. */
  wait(timeoutMs: number): Promise<boolean>;
}

/** Opens a port on an interface of the network; it captures from then on. */
export type OpenPort = (network: Network, place: Place) => Promise<FramePort>;

/** The shortest frame that can be sent: an Ethernet header. */
export const shortestFrameBytes = 14;

/** The longest frame that an interface with this MTU takes: only an IEEE 802.1Q tag is extra (packet_snd in net/packet). */
export function longestFrameBytes(mtuBytes: number, frame: Uint8Array): number {
  const hasTag = frame[12] === 0x81 && frame[13] === 0;
  return mtuBytes + shortestFrameBytes + (hasTag ? 4 : 0);
}
