import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { HarnessError } from "../harness/model/error.js";
import { ledgerRoot } from "./ledger.js";
import { createNetwork } from "./network.js";
import {
  device,
  hostWith,
  onABridge,
  threeHosts,
  skipWithoutRoot,
  twoHosts,
  uniqueId,
} from "./example-topologies.test.js";

/** What of the machine's own network a mistake would change. */
function machine(): string {
  const show = (...argv: readonly [string, ...string[]]): string => execFileSync(argv[0], argv.slice(1)).toString();
  return [
    show("ip", "-o", "link"),
    show("ip", "-o", "addr").replace(/valid_lft \d+sec preferred_lft \d+sec/g, ""),
    show("ip", "route", "show", "table", "all"),
    show("tc", "qdisc"),
    ...[
      "ipv4/ip_forward",
      "ipv4/conf/all/rp_filter",
      "ipv4/conf/default/rp_filter",
      "ipv6/conf/default/accept_dad",
    ].map((name) => (existsSync(`/proc/sys/net/${name}`) ? readFileSync(`/proc/sys/net/${name}`, "utf8") : "")),
  ].join("\n");
}

function namespaceIdentity(): string {
  return readlinkSync("/proc/thread-self/ns/net");
}

describe("createNetwork", () => {
  before(skipWithoutRoot);

  it("joins hosts that hear each other by IPv4 and IPv6", async () => {
    await using network = await createNetwork(onABridge, uniqueId());
    for (const address of ["10.0.0.4", "fd00::4"]) {
      const output = network.inside("client", () =>
        execFileSync("ping", ["-n", "-c", "1", "-W", "5", address]).toString(),
      );
      expect(output).to.match(/ 1 received/);
    }
  });

  it("routes, with the host's sysctls", async () => {
    const [client, dut, server] = threeHosts.hosts;
    const topology = {
      ...threeHosts,
      hosts: [
        hostWith("client", [device("eth0", 1, ["10.0.0.1/24"])], { routes: [{ to: "default", via: "10.0.0.254" }] }),
        hostWith("dut", [device("eth0", 2, ["10.0.0.254/24"]), device("eth1", 3, ["10.0.1.254/24"])], {
          sysctls: { "net.ipv4.ip_forward": "1" },
        }),
        hostWith("server", [device("eth0", 4, ["10.0.1.1/24"])], {
          routes: [{ to: "10.0.0.0/24", via: "10.0.1.254" }],
        }),
      ],
    };
    expect([client, dut, server].map((host) => host!.name)).to.deep.equal(topology.hosts.map(({ name }) => name));
    await using network = await createNetwork(topology, uniqueId());
    const output = network.inside("client", () => execFileSync("ping", ["-n", "-c", "1", "10.0.1.1"]).toString());
    expect(output).to.match(/ttl=63/);
  });

  it("changes nothing outside its namespaces, and leaves nothing behind", async () => {
    const id = uniqueId();
    const [before, home] = [machine(), namespaceIdentity()];
    const network = await createNetwork(onABridge, id);
    expect(machine()).to.equal(before);
    expect(namespaceIdentity()).to.equal(home);
    const path = network.namespacePath("client");
    expect(existsSync(path)).to.equal(true);
    await network[Symbol.asyncDispose]();
    expect(machine()).to.equal(before);
    expect([path, `/run/netns/pp-${id}-bridge.lan`, `${ledgerRoot}/${id}`].filter(existsSync)).to.deep.equal([]);
  });

  it("ends what was left running in its namespaces", async () => {
    const network = await createNetwork(twoHosts, uniqueId());
    const pid = network.inside("dut", () =>
      // setsid and a shell that is gone: in no process group that anyone remembers.
      Number(execFileSync("sh", ["-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"]).toString()),
    );
    await network[Symbol.asyncDispose]();
    expect(() => readlinkSync(`/proc/${pid}/cwd`)).to.throw(/ENOENT/);
  });

  it("does not touch a namespace that has its name", async () => {
    const id = uniqueId();
    const foreign = `/run/netns/pp-${id}-dut`;
    writeFileSync(foreign, "not ours");
    try {
      const failure = await createNetwork(twoHosts, id).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(HarnessError).with.property("code", "exists");
      expect(readFileSync(foreign, "utf8")).to.equal("not ours");
      expect(existsSync(`/run/netns/pp-${id}-client`)).to.equal(false);
    } finally {
      rmSync(foreign);
    }
  });

  it("says which command the kernel did not accept, and removes the rest", async () => {
    const id = uniqueId();
    const topology = {
      ...twoHosts,
      hosts: [
        hostWith("client", [device("eth0", 1)], { routes: [{ to: "10.9.0.0/16", via: "10.0.0.1" }] }),
        twoHosts.hosts[1]!,
      ],
    };
    const failure = (await createNetwork(topology, id).catch((error: unknown) => error)) as HarnessError;
    expect(failure.code).to.equal("topology");
    expect(failure.message).to.match(/^ip route add 10\.9\.0\.0\/16 via 10\.0\.0\.1 in pp-.*-client: /);
    expect(existsSync(`${ledgerRoot}/${id}`)).to.equal(false);
  });

  it("says which sysctl there is not", async () => {
    const client = hostWith("client", [device("eth0", 1)], { sysctls: { "net.ipv4.no_such_thing": "1" } });
    const failure = await createNetwork({ ...twoHosts, hosts: [client, twoHosts.hosts[1]!] }, uniqueId()).catch(
      (error: Error) => error.message,
    );
    expect(failure).to.equal("host client has no sysctl net.ipv4.no_such_thing");
  });

  it("can be made several times at once", async () => {
    const networks = await Promise.all([1, 2, 3].map(() => createNetwork(threeHosts, uniqueId())));
    await Promise.all(networks.map((network) => network[Symbol.asyncDispose]()));
  });
});
