import { addressOf, libc, orThrow } from "../harness/kernel/libc.js";
import type { Namespace } from "./namespace.js";

/**
 * What `ip` and `ethtool` would do to interfaces in a process each, as ioctls on one socket: netdevice(7) and
 * include/uapi/linux/ethtool.h.
 */
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCETHTOOL = 0x8946;
const IFF_UP = 1;
const ETHTOOL_GLINK = 0x0a;

const EOPNOTSUPP = 95;

/** What may change frames on their way: partial checksums, merged and split segments, tags kept beside the frame. */
const offloads = {
  ETHTOOL_SRXCSUM: 0x15,
  ETHTOOL_STXCSUM: 0x17,
  ETHTOOL_STSO: 0x1f,
  ETHTOOL_SGSO: 0x24,
  ETHTOOL_SGRO: 0x2c,
  /** ETH_FLAG_TXVLAN, ETH_FLAG_RXVLAN, ETH_FLAG_LRO and others, all off. */
  ETHTOOL_SFLAGS: 0x26,
};

/** Asks and tells the interfaces of one namespace. */
export class Devices {
  readonly #fd: number;

  constructor(namespace: Namespace) {
    const AF_INET = 2;
    const SOCK_DGRAM_CLOEXEC = 0x8_0002;
    this.#fd = namespace.inside(() => orThrow(libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), "opening a socket"));
  }

  offloadsOff(dev: string): void {
    for (const [name, command] of Object.entries(offloads)) {
      const result = this.#ethtool(dev, command).result;
      if (result !== -EOPNOTSUPP) orThrow(result, `switching offloads of ${dev} off (${name})`);
    }
  }

  /** Generic receive offload. On a veth it also switches NAPI on, where the interface is up. */
  groOn(dev: string): void {
    orThrow(this.#ethtool(dev, offloads.ETHTOOL_SGRO, 1).result, `switching GRO of ${dev} on`);
  }

  up(dev: string): void {
    const request = interfaceRequest(dev);
    orThrow(libc().ioctl(this.#fd, SIOCGIFFLAGS, request), `reading the flags of ${dev}`);
    const view = new DataView(request.buffer);
    view.setInt16(16, view.getInt16(16, true) | IFF_UP, true);
    orThrow(libc().ioctl(this.#fd, SIOCSIFFLAGS, request), `setting ${dev} up`);
  }

  /**
   * Whether the other end is up too. Asking makes the kernel catch up with the link's state at once
   * (linkwatch_sync_dev): until it has, the interface drops what is sent and IPv6 has no routes.
   */
  hasCarrier(dev: string): boolean {
    const { result, data } = this.#ethtool(dev, ETHTOOL_GLINK);
    orThrow(result, `asking for the carrier of ${dev}`);
    return data !== 0;
  }

  close(): void {
    libc().close(this.#fd);
  }

  /** One struct ethtool_value {cmd, data}. */
  #ethtool(dev: string, command: number, dataIn = 0): { result: number; data: number } {
    const value = new Uint8Array(8);
    const view = new DataView(value.buffer);
    view.setUint32(0, command, true);
    view.setUint32(4, dataIn, true);
    const request = interfaceRequest(dev);
    new DataView(request.buffer).setBigUint64(16, addressOf(value), true);
    const result = libc().ioctl(this.#fd, SIOCETHTOOL, request);
    return { result, data: view.getUint32(4, true) };
  }
}

/** struct ifreq: 16 bytes of name, 24 of union. */
function interfaceRequest(dev: string): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(dev, request.subarray(0, 15));
  return request;
}
