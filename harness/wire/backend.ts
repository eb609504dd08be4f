import { geteuid } from "node:process";
import type { Backend, Capabilities, Session, SessionOptions } from "../model/backend.js";
import { WireSession } from "./session.js";

/** The program attached to a real interface, real frames in and out, in network namespaces of the run's own. */
export const wireBackend: Backend = {
  name: "wire",
  probe(): Promise<Capabilities> {
    return Promise.resolve({ backend: "wire", unavailable: whatIsMissing() });
  },
  open(options: SessionOptions): Promise<Session> {
    return WireSession.open(options);
  },
};

function whatIsMissing(): string | undefined {
  if (process.platform !== "linux") return `a Linux kernel: this is ${process.platform}`;
  if (geteuid?.() !== 0) return "root: run as root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN)";
  return undefined;
}
