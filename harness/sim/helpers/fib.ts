import type { Call } from "../call.js";
import { errno } from "../errno.js";
import { Fault } from "../fault.js";
import type { Fib } from "../fib.js";
import type { World } from "../world.js";
import type { HelperTable } from "./table.js";

/** Results beside 0 and errors: BPF_FIB_LKUP_RET_ of include/uapi/linux/bpf.h. */
const result = { notForwarded: 4, forwardingDisabled: 5, noNeighbour: 7, fragmentationNeeded: 8 } as const;

const flag = { output: 2, skipNeighbour: 4, table: 8, source: 16, mark: 32, all: 63 } as const;

/** struct bpf_fib_lookup. */
const paramsBytes = 64;
const field = {
  family: 0,
  totalLength: 6,
  ifindex: 8,
  metric: 12,
  source: 16,
  destination: 32,
  vlan: 48,
  smac: 52,
  dmac: 58,
};

const families: Readonly<Record<number, 4 | 16>> = { 2: 4, 10: 16 };

/**
 * bpf_fib_lookup() of net/core/filter.c, answered from the declared routes and neighbours. Without a host that
 * forwards, it says so, as a test run in an empty network namespace does.
 *
 * @param alwaysChecksMtu XDP compares the length with the MTU even where it is 0
 */
export function fibHelpers(world: World, alwaysChecksMtu: boolean): HelperTable {
  return {
    // bpf_fib_lookup(ctx, params, plen, flags)
    69: (call) => lookup(call, world, alwaysChecksMtu),
  };
}

function lookup(call: Call, { fib, devices }: World, alwaysChecksMtu: boolean): number {
  const [size, flags] = [call.u32(3), call.u32(4)];
  if (size < paramsBytes || (flags & ~flag.all) !== 0) return -errno.EINVAL;
  const params = call.write(2, size);
  const view = new DataView(params.buffer, params.byteOffset, params.length);
  const addressLength = families[params[field.family]!];
  if (addressLength === undefined) return -errno.EAFNOSUPPORT;
  if (!devices.has(view.getUint32(field.ifindex, true))) return -errno.ENODEV;
  if (!fib?.forwards(addressLength)) return result.forwardingDisabled;
  if ((flags & (flag.table | flag.mark)) !== 0)
    throw new Fault("looks up a route by table or mark, of which there are none");
  return answer(view, params, fib, addressLength, flags, alwaysChecksMtu);
}

function answer(
  view: DataView,
  params: Uint8Array,
  fib: Fib,
  addressLength: 4 | 16,
  flags: number,
  alwaysChecksMtu: boolean,
): number {
  const destination = params.slice(field.destination, field.destination + addressLength);
  const next = fib.isLocal(destination) ? undefined : fib.lookup(destination);
  if (!next) return result.notForwarded;
  const { device, gateway, mac } = next;
  const length = view.getUint16(field.totalLength, true);
  if ((alwaysChecksMtu || length > 0) && length > device.mtuBytes) {
    view.setUint16(field.totalLength, device.mtuBytes, true);
    return result.fragmentationNeeded;
  }
  view.setUint32(field.metric, 0, true);
  view.setUint32(field.ifindex, device.ifindex, true);
  if (gateway) params.set(gateway, field.destination);
  const own = device.addresses.find(({ address }) => address.length === addressLength);
  if ((flags & flag.source) !== 0 && own) params.set(own.address, field.source);
  if ((flags & flag.skipNeighbour) === 0) {
    if (!mac) return result.noNeighbour;
    params.set(mac, field.dmac);
    params.set(device.mac, field.smac);
  }
  view.setUint32(field.vlan, 0);
  if (alwaysChecksMtu || length > 0) view.setUint16(field.totalLength, device.mtuBytes, true);
  return 0;
}
