import type { SkbRedirect } from "./hooks/skb.js";
import type { Redirect } from "./hooks/xdp.js";
import type { MapTable } from "./maps/map-table.js";
import { indexOf } from "./maps/array.js";
import { ReferenceStore } from "./maps/reference.js";

/** An interface that a packet is redirected to. */
export interface RedirectTarget {
  readonly dev: string;
  readonly way: SkbRedirect["way"];
  readonly nextHop?: Uint8Array | undefined;
  /** Of the map's entry. */
  readonly program?: string | undefined;
}

/** Another CPU that goes on with a packet, after the program of the cpumap's entry. */
export interface CpuTarget {
  readonly cpu: number;
  readonly program: string | undefined;
}

/** Undefined where a packet is not for another CPU. */
export function cpuOf(redirect: Redirect | SkbRedirect | undefined, maps: MapTable): CpuTarget | undefined {
  if (!redirect || !("map" in redirect)) return undefined;
  const map = maps.get(redirect.map);
  const entry = map instanceof ReferenceStore ? map.get(redirect.key) : undefined;
  return entry?.kind === "cpu" ? { cpu: indexOf(redirect.key), program: entry.program } : undefined;
}

/**
 * Interfaces that the packet goes to; none for another CPU or a socket. `devs` are their names by index, `ingress`
 * the index of the one by which the packet came in.
 */
export function targetsOf(
  redirect: Redirect | SkbRedirect | undefined,
  maps: MapTable,
  devs: readonly string[],
  ingress: number,
): readonly RedirectTarget[] {
  if (!redirect) return [];
  if (!("map" in redirect)) {
    const dev = devs[redirect.ifindex] ?? `ifindex ${redirect.ifindex}`;
    return ["way" in redirect ? { dev, way: redirect.way, nextHop: redirect.nextHop } : { dev, way: "egress" }];
  }
  const map = maps.get(redirect.map);
  if (!(map instanceof ReferenceStore)) return [];
  const entries = redirect.broadcast ? map.targets() : [map.get(redirect.key)];
  return entries.flatMap((entry): RedirectTarget[] => {
    if (entry?.kind !== "device" || (redirect.excludesIngress && entry.ifindex === ingress)) return [];
    return [{ dev: entry.dev, way: "egress", program: entry.program }];
  });
}

/** What targets are called in observations: interfaces by name, an AF_XDP socket by its queue. */
export function targetNames(...[redirect, maps, ...at]: Parameters<typeof targetsOf>): readonly string[] {
  const map = redirect && "map" in redirect ? maps.get(redirect.map) : undefined;
  const entry = redirect && "map" in redirect && map instanceof ReferenceStore ? map.get(redirect.key) : undefined;
  return entry?.kind === "xsk" ? [`queue ${entry.queue}`] : targetsOf(redirect, maps, ...at).map(({ dev }) => dev);
}
