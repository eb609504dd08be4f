import { addressWithPrefix } from "../scenario/addresses.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { type Decoder, list, refined } from "../scenario/decoder.js";
import { defaulted, object, required } from "../scenario/object.js";
import type { Peer } from "./rule.js";

/** Addresses of both families in one space of 128 bits: IPv4 ones are IPv4-mapped (RFC 4291 section 2.5.5.2). */
export interface Prefix {
  readonly bits: number;
  /** 128 of them. */
  readonly address: bigint;
}

const mapped = 0xffffn << 32n;

/** Of `10.0.0.0/8`, or of an address alone. Bits behind the prefix are dropped. @throws HarnessError for other text. */
export function parsePrefix(text: string): Prefix {
  const [host = "", length] = text.split("/");
  const isV6 = host.includes(":");
  const bytes = isV6 ? parseIpv6(host) : parseIpv4(host);
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const bits = length === undefined ? 128 : Number(length) + (isV6 ? 0 : 96);
  const unused = BigInt(128 - bits);
  return { bits, address: ((isV6 ? value : mapped | value) >> unused) << unused };
}

export function isWithin(inner: Prefix, outer: Prefix): boolean {
  const unused = BigInt(128 - outer.bits);
  return inner.bits >= outer.bits && inner.address >> unused === outer.address >> unused;
}

/** As an IPv6 address, without its length. */
export function formatAddress({ address }: Prefix): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return groups.join(":");
}

const network = refined(
  object("a network", {
    cidr: required(addressWithPrefix, "the network", "10.0.0.0/8"),
    except: defaulted(list(addressWithPrefix), [], "networks within it that are left out"),
  }),
  ({ cidr, except }, node, report) => {
    const outside = except.find((each) => !isWithin(parsePrefix(each), parsePrefix(cidr)));
    return outside === undefined
      ? { prefix: cidr, except }
      : report(node.span, `${outside} is not within ${cidr}`, "'except' leaves out a part of 'cidr'");
  },
);

/** `ipBlock` and the items of `fromCIDRSet`: a network with exceptions. */
export const networkPeer: Decoder<Peer> = refined(network, (found) => ({ kind: "network", ...found }));

/** The items of `fromCIDR`. */
export const plainNetworkPeer: Decoder<Peer> = refined(addressWithPrefix, (prefix) => ({
  kind: "network",
  prefix,
  except: [],
}));
