import { writeFileSync } from "node:fs";
import { harnessError } from "../harness/model/error.js";
import type { Namespace } from "./namespace.js";

/**
 * For every namespace, before it has interfaces: a stack that speaks only when spoken to, and takes every packet.
 * `default` is what new interfaces start with; for rp_filter the larger of `all` and the interface's own counts.
 */
export const quiet: Readonly<Record<string, string>> = {
  "net.ipv4.conf.all.rp_filter": "0",
  "net.ipv4.conf.default.rp_filter": "0",
  "net.ipv4.conf.all.send_redirects": "0",
  "net.ipv4.conf.default.send_redirects": "0",
};

/** Where some interface has an IPv6 address: no duplicate address detection, no solicitations, no link-local address. */
export const quietIpv6: Readonly<Record<string, string>> = {
  "net.ipv6.conf.default.accept_dad": "0",
  "net.ipv6.conf.default.dad_transmits": "0",
  "net.ipv6.conf.default.accept_ra": "0",
  "net.ipv6.conf.default.router_solicitations": "0",
  "net.ipv6.conf.default.addr_gen_mode": "1",
};

export const noIpv6: Readonly<Record<string, string>> = {
  "net.ipv6.conf.all.disable_ipv6": "1",
  "net.ipv6.conf.default.disable_ipv6": "1",
};

/** Bridges do not show frames to netfilter, which drops what is not right IP. */
export const plainBridge: Readonly<Record<string, string>> = {
  "net.bridge.bridge-nf-call-arptables": "0",
  "net.bridge.bridge-nf-call-ip6tables": "0",
  "net.bridge.bridge-nf-call-iptables": "0",
};

/** Sets those sysctls that this kernel has (it may be built without IPv6 or without br_netfilter). */
export function setWherePresent(namespace: Namespace, sysctls: Readonly<Record<string, string>>): void {
  namespace.inside(() => {
    for (const [name, value] of Object.entries(sysctls)) {
      try {
        writeFileSync(sysctlPath(name), value);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      }
    }
  });
}

/** Sets what the scenario asks for. /proc/sys/net shows the thread's own namespace, and only what belongs to one. */
export function setSysctls(namespace: Namespace, host: string, sysctls: Readonly<Record<string, string>>): void {
  namespace.inside(() => {
    for (const [name, value] of Object.entries(sysctls)) {
      try {
        writeFileSync(sysctlPath(name), value);
      } catch (cause) {
        const absent = (cause as NodeJS.ErrnoException).code === "ENOENT";
        throw harnessError(
          "topology",
          absent
            ? `host ${host} has no sysctl ${name}`
            : `host ${host}: the kernel refuses ${name} = ${value}: ${(cause as Error).message}`,
          { hint: absent ? "only the sysctls of network namespaces can be set, so see `sysctl -a` in one" : undefined },
        );
      }
    }
  });
}

function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll(".", "/")}`;
}
