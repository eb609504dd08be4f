import { formatPlace, type Place } from "../../model/topology.js";
import { isSocketMapHook, isDeviceHook, type Hook } from "../../model/hook.js";
import type { LoadedPlans } from "../../kernel/load-objects.js";
import type { Network } from "../../../netns/network.js";
import { attach } from "./attach.js";
import type { Attachment } from "./attachment.js";
import { attachToSocketMap } from "./socket-map.js";
import { attachToCgroup, isCgroupHook } from "./cgroup.js";

/** A loaded program and where it goes. */
export interface Placement {
  readonly hook: Hook;
  readonly at: Place;
  readonly programFd: number;
  /** For hooks of a sockmap or sockhash. */
  readonly mapFd: number | undefined;
}

/** Every program of all objects, the one under test first, then in the order of the scenario. */
export function placementsOf(objects: LoadedPlans): readonly [Placement, ...Placement[]] {
  const [first, ...rest] = objects.flatMap(({ plan, loaded }): Placement[] => [
    {
      hook: plan.hook,
      at: plan.topology.attach,
      programFd: loaded.programFd,
      mapFd: plan.attachMap === undefined ? undefined : loaded.mapFdOf(plan.attachMap),
    },
    ...plan.attach.map(({ hook, at, program, map }) => ({
      hook,
      at,
      programFd: loaded.programFdOf(program.name),
      mapFd: map === undefined ? undefined : loaded.mapFdOf(map),
    })),
  ]);
  return [first!, ...rest];
}

/**
 * Attaches all programs, and starts the services with `serve`: a cgroup has to be there before the processes that
 * join it, while a program on an interface should not meet what services send when they start. What is attached
 * is detached in reverse order; `replace` is about the first of them, the program under test.
 */
export async function attachAll(
  network: Network,
  placements: readonly Placement[],
  serve: () => Promise<void>,
): Promise<Attachment> {
  const attached: Attachment[] = [];
  let first: Attachment | undefined;
  const all: Attachment = {
    replace: (programFd) => first?.replace(programFd),
    async detach() {
      for (const attachment of attached.toReversed()) await attachment.detach();
    },
  };
  try {
    // What is to be theirs has to be there before sockets come into a map.
    for (const placement of placements) {
      const { hook, programFd, mapFd } = placement;
      if (!isSocketMapHook(hook) || mapFd === undefined) continue;
      attached.push(attachToSocketMap(hook, programFd, mapFd));
      if (placement === placements[0]) first = attached.at(-1);
    }
    for (const placement of placements) {
      const { hook, at, programFd } = placement;
      if (!isCgroupHook(hook)) continue;
      attached.push(attachToCgroup(network, hook, at.host, programFd));
      if (placement === placements[0]) first = attached.at(-1);
    }
    await serve();
    const taken = new Set(placements.filter(({ hook }) => hook.startsWith("xdp")).map(({ at }) => formatPlace(at)));
    const before = new Map<string, number>();
    for (const placement of placements) {
      const { hook, at, programFd } = placement;
      if (!isDeviceHook(hook)) continue;
      const place = `${hook} ${formatPlace(at)}`;
      const order = before.get(place) ?? 0;
      before.set(place, order + 1);
      attached.push(attach(network, { hook, at, programFd, order }, taken));
      if (placement === placements[0]) first = attached.at(-1);
    }
    return all;
  } catch (failure) {
    await all.detach();
    throw failure;
  }
}
