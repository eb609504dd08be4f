import { expect } from "chai";
import type { BpfObject } from "../model/object.js";
import type { MapValue } from "../model/plan.js";
import { objectAt, planOf, problemsOf } from "./plan-of.test.js";

const redirect = objectAt("objects/redirect.bpf.o");
const toCpu = objectAt("objects/redirect_cpu.bpf.o");
const inMaps = objectAt("objects/map_in_map.bpf.o");
const hook = "hook: xdp\nentry: redirect";

function text(maps: string): string {
  return `maps: ${maps}\ncases:\n  - name: one\n    send: [eth]\n    expect: { printk: [] }\n`;
}

async function valuesOf(maps: string, head: string, object: BpfObject): Promise<readonly (MapValue | undefined)[]> {
  const [plan] = await planOf(text(maps), head, object);
  return plan!.maps.map(({ value }) => value);
}

/** Problems without their places. */
async function wrongIn(maps: string, head: string, object: BpfObject): Promise<readonly string[]> {
  const found = await problemsOf(text(maps), head, object);
  return found.map((line) => line.replace(/^\d+:\d+ /, ""));
}

describe("planned values of maps that hold more than bytes", () => {
  it("devmaps have interfaces of the host that the program is attached to", async () => {
    expect(await valuesOf("{ ports: [{ key: 3, value: { dev: eth0 } }] }", hook, redirect)).to.deep.equal([
      { kind: "device", dev: "eth0", program: undefined },
    ]);
    expect(
      await valuesOf("{ ports_hashed: [{ key: 300, value: { dev: eth0, program: redirect } }] }", hook, redirect),
    ).to.deep.equal([{ kind: "device", dev: "eth0", program: "redirect" }]);
    expect(await wrongIn("{ ports: { dev: eth1 } }", hook, redirect)).to.deep.equal([
      "host 'dut' has no interface 'eth1' (did you mean 'eth0'?)",
    ]);
    expect(await wrongIn("{ ports: { dve: eth0 } }", hook, redirect)).to.deep.equal([
      "an entry of the devmap 'ports' has no 'dve' (did you mean 'dev'?)",
    ]);
    expect(await wrongIn("{ ports: { program: redirect } }", hook, redirect)).to.deep.equal([
      "an entry of the devmap 'ports' needs 'dev' (write {dev: eth1})",
    ]);
  });

  it("have a program of their own only where there is room for it", async () => {
    const narrow = { ...redirect, maps: redirect.maps.map((map) => ({ ...map, valueSizeBytes: 4 })) };
    expect(await wrongIn("{ ports: { dev: eth0, program: redirect } }", hook, narrow)).to.deep.equal([
      "the values of 'ports' have no room for a program (declare them as struct bpf_devmap_val)",
    ]);
  });

  it("cpumaps have the length of a queue", async () => {
    expect(await valuesOf("{ cpus: { qsize: 192 } }", "hook: xdp", toCpu)).to.deep.equal([
      { kind: "cpu", queueSize: 192, program: undefined },
    ]);
    expect(await wrongIn("{ cpus: { qsize: 0 } }", "hook: xdp", toCpu)).to.deep.equal([
      "'qsize' is the number of packets that may wait for the CPU: 1 to 16384",
    ]);
  });

  it("maps of maps need the object to say what they hold", async () => {
    const bare = { ...inMaps, maps: inMaps.maps.map((map) => ({ ...map, inner: undefined })) };
    expect(await wrongIn("{ ports_by_vlan: [{ key: 1, value: { entries: [] } }] }", "hook: xdp", bare)).to.deep.equal([
      "the object does not say what kind of map 'ports_by_vlan' holds (declare it with __array(values, …))",
    ]);
  });

  it("no map has keys that a program could not build", async () => {
    const wide = { ...inMaps, maps: inMaps.maps.map((map) => ({ ...map, keySizeBytes: 2 ** 30 })) };
    expect(await wrongIn("{ ports_by_vlan: [{ key: 1, value: { entries: [] } }] }", "hook: xdp", wide)).to.deep.equal([
      "keys of map 'ports_by_vlan' have 1073741824 bytes; the kernel takes at most 512",
    ]);
  });

  it("ranges of keys give all of them the same value", async () => {
    const blacklist = objectAt("objects/xdp_blacklist.bpf.o");
    const [plan] = await planOf(
      text(
        "{ addresses_v4: [{ keys: 10.0.0.254..10.0.1.1, value: RULE_DROP }], addresses_v6: [{ keys: fd00::fe..fd00::101, value: 1 }] }",
      ),
      "hook: xdp",
      blacklist,
    );
    expect(plan!.maps.map(({ key }) => [...key.slice(-2)])).to.deep.equal([
      ...[
        [0, 254],
        [0, 255],
        [1, 0],
        [1, 1],
      ],
      ...[
        [0, 254],
        [0, 255],
        [1, 0],
        [1, 1],
      ],
    ]);
    const [slots] = await planOf(text("{ ports: [{ keys: 2..4, value: { dev: eth0 } }] }"), hook, redirect);
    expect(slots!.maps.map(({ key }) => key[0])).to.deep.equal([2, 3, 4]);
  });

  it("ranges of keys begin before they end, and fit the map", async () => {
    const example = "for example: keys: 0..39, or keys: 10.0.0.1..10.0.0.99";
    const one = (keys: string) => wrongIn(`{ ports: [{ keys: ${keys}, value: { dev: eth0 } }] }`, hook, redirect);
    expect(await one("4..2")).to.deep.equal([`the range ends before it begins (${example})`]);
    expect(await one("[1, 2]")).to.deep.equal([`'keys' is a range of numbers or addresses (${example})`]);
    expect(await one("10.0.0.1..fd00::1")).to.deep.equal([`'keys' is a range of numbers or addresses (${example})`]);
    expect(await one("63..66")).to.deep.equal(["map 'ports' has no slot 64 (its slots are 0 to 63)"]);
    expect(await one("0..9999999")).to.deep.equal(["a range has at most 1048576 keys, not 10000000"]);
  });

  it("slots of an xskmap hold the AF_XDP socket of a queue", async () => {
    const steer = objectAt("objects/xdp_steer.bpf.o");
    expect(
      await valuesOf("{ sockets: [{ key: 3, value: { queue: 2 } }] }", "hook: xdp\nentry: xdp_steer", steer),
    ).to.deep.equal([{ kind: "xsk", queue: 2 }]);
    expect(
      await wrongIn("{ sockets: [{ key: 64, value: { queue: 4096 } }] }", "hook: xdp\nentry: xdp_steer", steer),
    ).to.deep.equal([
      "map 'sockets' has no slot 64 (its slots are 0 to 63)",
      "'queue' is the number of a receive queue: 0 to 4095",
    ]);
  });

  it("queues take as many values as they hold", async () => {
    const queues = objectAt("objects/queue_stack_bloom.bpf.o");
    const seventeen = `[${Array.from({ length: 17 }, (_, i) => i).join(", ")}]`;
    expect(await valuesOf("{ queue: [1, 2], stack: [3] }", "hook: xdp", queues)).to.have.length(3);
    expect(await wrongIn(`{ queue: ${seventeen}, seen: ${seventeen} }`, "hook: xdp", queues)).to.deep.equal([
      "map 'queue' holds 16 values, not 17",
    ]);
    expect(await wrongIn("{ queue: 5 }", "hook: xdp", queues)).to.deep.equal([
      "the contents of map 'queue' (queue) are a list of values",
    ]);
  });
});
