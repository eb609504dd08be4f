import { http } from "../http/http.js";
import { maps } from "../maps/maps.js";
import { ours } from "../ours/ours.js";
import { programs } from "../programs/programs.js";
import { rules } from "../rules/rules.js";
import { sockets } from "../sockets/sockets.js";
import { xdpVsTc } from "../xdp-vs-tc/syntax.js";
import type { Kind } from "./kind.js";

export const kinds = {
  http,
  maps,
  ours,
  programs,
  rules,
  sockets,
  "xdp-vs-tc": xdpVsTc,
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof kinds;
