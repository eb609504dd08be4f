import type { Backend, Capabilities, Session, SessionOptions } from "../model/backend.js";
import { findCommand } from "../../netns/find-command.js";
import { whyNoKernel } from "../kernel/probe.js";
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
  const missing = ["ip", "tc", "bridge"].filter((name) => findCommand(name) === undefined);
  return whyNoKernel() ?? (missing.length > 0 ? `needs ${missing.join(", ")}: apt-get install iproute2` : undefined);
}
