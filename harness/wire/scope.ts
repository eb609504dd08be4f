import { statSync } from "node:fs";
import type { Network } from "../../netns/network.js";
import type { Place } from "../model/topology.js";
import { ProgramInfo } from "../kernel/program-info.js";
import type { Scope } from "../observe/events.js";
import { markerEtherType, markerPayloadBytes } from "./marker.js";

/** What of everything that tracers see belongs to a network and the programs attached in it. */
export function scopeOf(
  network: Network,
  programs: readonly { readonly programFd: number; readonly at: Place }[],
): Scope {
  const { hosts } = network.topology;
  return {
    hosts: new Map(hosts.map(({ name }) => [statSync(network.namespacePath(name)).ino, name])),
    programs: new Map(programs.map(({ programFd, at }) => [new ProgramInfo(programFd).id(), at.host])),
    deviceName(host, ifindex) {
      const interfaces = hosts.find(({ name }) => name === host)?.interfaces ?? [];
      return interfaces.find(({ dev }) => network.ifindex({ host, dev }) === ifindex)?.dev;
    },
    isMarker: (etherType, lengthBytes) => etherType === markerEtherType && lengthBytes === markerPayloadBytes,
  };
}
