import type { LinkType, Packet } from "../../model/packet.js";
import { captureError, type FilePlace } from "./fault.js";

/**
 * LINKTYPE_ numbers of capture files (https://www.tcpdump.org/linktypes.html) that can become a
 * packet of ours: Ethernet as it is, raw IP as it is, and the pseudo headers that libpcap puts in
 * front of IP packets by cutting these off.
 */
const linkLayers: Readonly<Record<number, LinkLayer>> = {
  0: { name: "NULL", linkType: "raw-ip", headerBytes: 4, isIp: familyIsIp },
  1: { name: "ETHERNET", linkType: "ethernet", headerBytes: 0, isIp: () => true },
  12: { name: "DLT_RAW", linkType: "raw-ip", headerBytes: 0, isIp: () => true },
  14: { name: "DLT_RAW (OpenBSD)", linkType: "raw-ip", headerBytes: 0, isIp: () => true },
  101: { name: "RAW", linkType: "raw-ip", headerBytes: 0, isIp: () => true },
  108: { name: "LOOP", linkType: "raw-ip", headerBytes: 4, isIp: familyIsIp },
  113: { name: "LINUX_SLL", linkType: "raw-ip", headerBytes: 16, isIp: (bytes) => etherTypeIsIp(bytes, 14) },
  228: { name: "IPV4", linkType: "raw-ip", headerBytes: 0, isIp: () => true },
  229: { name: "IPV6", linkType: "raw-ip", headerBytes: 0, isIp: () => true },
  276: { name: "LINUX_SLL2", linkType: "raw-ip", headerBytes: 20, isIp: (bytes) => etherTypeIsIp(bytes, 0) },
};

interface LinkLayer {
  readonly name: string;
  readonly linkType: LinkType;
  readonly headerBytes: number;
  /** Whether what follows the pseudo header is IPv4 or IPv6. */
  readonly isIp: (bytes: Uint8Array) => boolean;
}

/** LINKTYPE_ number that a packet of ours is written with. */
export const linkTypeNumbers: Readonly<Record<LinkType, number>> = { ethernet: 1, "raw-ip": 101 };

/** A packet without its pseudo header, and how many bytes that was. */
export function toPacket(
  linkNumber: number,
  bytes: Uint8Array,
  index: number,
  place: FilePlace,
): { readonly packet: Packet; readonly cutBytes: number } {
  const layer = linkLayers[linkNumber];
  if (!layer) {
    throw captureError(
      place,
      `packet ${index} has link type ${linkNumber}; expected one of ${supportedNames()}`,
      "capture on an Ethernet or raw IP interface",
    );
  }
  if (bytes.length < layer.headerBytes || !layer.isIp(bytes)) {
    throw captureError(
      place,
      `packet ${index} is not an IP packet; expected IPv4 or IPv6 behind the ${layer.headerBytes}-byte ${layer.name} header`,
      "leave such packets out with frames:, or capture on one interface instead of 'any'",
    );
  }
  return {
    packet: { linkType: layer.linkType, bytes: bytes.subarray(layer.headerBytes) },
    cutBytes: layer.headerBytes,
  };
}

function supportedNames(): string {
  return Object.entries(linkLayers)
    .map(([number, { name }]) => `${number} (${name})`)
    .join(", ");
}

function etherTypeIsIp(bytes: Uint8Array, at: number): boolean {
  const etherType = (bytes[at]! << 8) | bytes[at + 1]!;
  return etherType === 0x0800 || etherType === 0x86dd;
}

/**
 * NULL has the address family in the byte order of the capturing host, which the file does not tell;
 * families fit one byte, so the other three are zero either way. AF_INET6 differs between systems.
 */
function familyIsIp(bytes: Uint8Array): boolean {
  const [first, second, third, fourth] = bytes;
  if (second !== 0 || third !== 0 || (first !== 0 && fourth !== 0)) return false;
  return [2, 10, 23, 24, 28, 30].includes(first! | fourth!);
}
