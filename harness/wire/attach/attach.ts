import type { DeviceHook } from "../../model/hook.js";
import { formatPlace, type Place } from "../../model/topology.js";
import { libc } from "../../kernel/libc.js";
import type { Network } from "../../../netns/network.js";
import { neighboursOf, placesOf, samePlace } from "../../model/segments.js";
import type { Attachment } from "./attachment.js";
import { createLink } from "./bpf-link.js";
import { loadPassProgram } from "./pass-program.js";
import { attachTcFilter } from "./tc-filter.js";

/** XDP_FLAGS_… (include/uapi/linux/if_link.h); without a flag the kernel takes native where the driver has it. */
const xdpFlags = { xdp: 0, "xdp-native": 1 << 2, "xdp-generic": 1 << 1 } as const;

/** A program that is to be attached to an interface. */
export interface DeviceRequest {
  readonly hook: DeviceHook;
  readonly at: Place;
  readonly programFd: number;
  /** How many filters are in front of it at the same place. */
  readonly order: number;
}

/**
 * Attaches a program to its interface; throws "exists" rather than replace another program. `taken` holds the
 * interfaces that have, or are to get, an XDP program of the scenario or of ours.
 */
export function attach(network: Network, request: DeviceRequest, taken: Set<string>): Attachment {
  const { hook, at: place, programFd, order } = request;
  switch (hook) {
    case "xdp":
    case "xdp-native":
      return attachXdpWithPeers(network, place, programFd, hook, taken);
    case "xdp-generic":
      return attachXdp(network, place, programFd, hook);
    case "tc-ingress":
    case "tc-egress": {
      const point = hook === "tc-ingress" ? "ingress" : "egress";
      const filter = { programFd, ifindex: network.ifindex(place), point, order, where: formatPlace(place) } as const;
      return attachTcFilter(filter, (work) => network.inside(place.host, work));
    }
    case "tcx-ingress":
    case "tcx-egress": {
      const type = hook === "tcx-ingress" ? "BPF_TCX_INGRESS" : "BPF_TCX_EGRESS";
      const link = { programFd, target: network.ifindex(place), type, flags: 0, where: formatPlace(place) } as const;
      return network.inside(place.host, () => createLink(link));
    }
  }
}

function attachXdp(network: Network, place: Place, programFd: number, hook: keyof typeof xdpFlags): Attachment {
  return network.inside(place.host, () =>
    createLink({
      programFd,
      target: network.ifindex(place),
      type: "BPF_XDP",
      flags: xdpFlags[hook],
      where: formatPlace(place),
    }),
  );
}

/**
 * Native XDP can send only to interfaces that are ready for frames without an skb. So all that are joined to the
 * host get a program that passes everything, unless they are `taken`, before the program under test is there.
 */
function attachXdpWithPeers(
  network: Network,
  place: Place,
  programFd: number,
  hook: keyof typeof xdpFlags,
  taken: Set<string>,
): Attachment {
  const attachments: Attachment[] = [];
  const all: Attachment = {
    // The program itself is attached last.
    replace: (newProgramFd) => attachments.at(-1)!.replace(newProgramFd),
    async detach() {
      await Promise.all(attachments.map((attachment) => attachment.detach()));
    },
  };
  const passFd = loadPassProgram();
  try {
    for (const own of placesOf(network.topology).filter(({ host }) => host === place.host)) {
      const name = peerName(network, own);
      if (taken.has(name)) continue;
      taken.add(name);
      const peer = network.peer(own);
      attachments.push(
        peer.inside(() =>
          createLink({
            programFd: passFd,
            target: peer.ifindex,
            type: "BPF_XDP",
            flags: xdpFlags["xdp-native"],
            where: `the other end of ${formatPlace(own)}`,
          }),
        ),
      );
    }
    attachments.push(attachXdp(network, place, programFd, hook));
    return all;
  } catch (failure) {
    void all.detach();
    throw failure;
  } finally {
    // The links keep the program.
    libc().close(passFd);
  }
}

/** The other end of a veth pair: an interface, or a bridge's port, which has no name in the topology. */
function peerName(network: Network, place: Place): string {
  const { topology } = network;
  const isBridged = topology.bridges.some(({ ports }) => ports.some((port) => samePlace(port, place)));
  return isBridged ? `port of ${formatPlace(place)}` : formatPlace(neighboursOf(topology, place)[0]!);
}
