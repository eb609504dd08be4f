import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../model/hex.js";
import type { MapSpec } from "../../model/object.js";
import { Arena } from "../arena.js";
import { MapTable } from "../maps/map-table.js";
import { SocketMapStore } from "../maps/socket-map.js";
import { Message } from "./message.js";
import { SocketNetwork } from "./network.js";
import type { StreamVerdict } from "./psock.js";
import { joined, type Socket } from "./socket.js";
import { sockOps, type SockOpsEvent } from "./sock-ops.js";
import { startStreamParser } from "./transfer.js";

const spec: MapSpec = {
  name: "sockets",
  type: "sockmap",
  keySizeBytes: 4,
  valueSizeBytes: 8,
  maxEntries: 4,
  flags: 0,
  key: undefined,
  value: undefined,
  inner: undefined,
  pinByName: false,
  extra: 0,
  slots: [],
};

const key = (index: number): Uint8Array => Uint8Array.of(index, 0, 0, 0);
const text = (letters: string): Uint8Array => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
const read = (socket: Socket): string => String.fromCharCode(...socket.taken());
const passed: StreamVerdict = { passed: true, redirect: undefined };

function open(network: SocketNetwork, port: number): { client: Socket; server: Socket } {
  const to = { address: Uint8Array.of(10, 0, 0, 2), port: 80 };
  const listener = network.listenerAt(to) ?? network.listen({ host: "dut", endpoint: to });
  return network.connect({ host: "client", endpoint: { address: Uint8Array.of(10, 0, 0, 1), port } }, listener, to);
}

function socketMap(network: SocketNetwork, more: Partial<MapSpec> = {}): SocketMapStore {
  const map = new MapTable(new Arena(1 << 17), 1).create({ ...spec, ...more });
  if (!(map instanceof SocketMapStore)) throw new Error("a map of sockets");
  map.owner = {
    startStreamParser: (socket, psock) => startStreamParser(network, socket, psock),
    checkReceived: network.checkReceived,
  };
  return map;
}

describe("connections of simulated sockets", () => {
  it("tell programs what becomes of them, in the kernel's order", () => {
    const network = new SocketNetwork(1);
    const seen: string[] = [];
    const names = Object.keys(sockOps);
    const note = ({ socket, op, args }: SockOpsEvent): void => {
      seen.push(`${socket.host} ${op}${args.length > 0 ? ` ${args.join("-")}` : ""}`);
      expect(names).to.include(op);
      // BPF_SOCK_OPS_STATE_CB_FLAG
      if (op === "passiveEstablished" || op === "activeEstablished") socket.callbackFlags = 4;
    };
    network.attachSockOps("client", note);
    network.attachSockOps("dut", note);
    const { client, server } = open(network, 40000);
    network.close(client);
    network.close(server);
    expect(seen).to.deep.equal([
      "dut listen",
      "client connect",
      "client timeoutInit",
      "client receiveWindowInit",
      "client needsEcn",
      "dut timeoutInit",
      "dut receiveWindowInit",
      "client activeEstablished",
      "dut passiveEstablished",
      "dut state 3-1",
      "client state 1-4",
      "dut state 1-8",
      "client state 4-5",
      "dut state 8-9",
      "dut state 9-7",
      "client state 5-7",
    ]);
  });

  it("carry bytes both ways", () => {
    const network = new SocketNetwork(1);
    const { client, server } = open(network, 40000);
    expect(network.send(client, text("hello"))).to.equal(5);
    network.send(server, text("good"));
    network.send(server, text("bye"));
    expect([read(server), read(client)]).to.deep.equal(["hello", "goodbye"]);
    network.close(client);
    expect(network.send(client, text("late"))).to.equal(-32);
  });
});

describe("a map of sockets", () => {
  it("refuses as the kernel does", () => {
    const network = new SocketNetwork(1);
    const { client } = open(network, 40000);
    const [array, hash] = [socketMap(network), socketMap(network, { type: "sockhash", maxEntries: 1 })];
    expect(array.put(key(4), client, 0)).to.equal(-7);
    expect(array.put(key(0), client, 3)).to.equal(-22);
    expect(array.put(key(0), client, 2)).to.equal(-2);
    expect(array.put(key(0), client, 1)).to.equal(0);
    expect(array.put(key(0), client, 1)).to.equal(-17);
    expect(array.delete(key(1))).to.equal(-22);
    expect(hash.put(key(0), client, 0)).to.equal(0);
    expect(hash.put(key(1), client, 0)).to.equal(-7);
    expect(hash.delete(key(1))).to.equal(-2);
    client.state = 8;
    expect(array.putChecked(key(1), client, 0)).to.equal(-95);
  });

  it("gives its programs to sockets that come in, and not to two of them", () => {
    const network = new SocketNetwork(1);
    const { client } = open(network, 40000);
    const [before, first, second] = [socketMap(network), socketMap(network), socketMap(network)];
    before.put(key(0), client, 0);
    for (const map of [before, first, second]) map.programs.message = () => passed;
    expect(client.psock?.programs.message).to.equal(undefined);
    expect(first.put(key(0), client, 0)).to.equal(0);
    expect(second.put(key(0), client, 0)).to.equal(-16);
    first.delete(key(0));
    before.delete(key(0));
    expect(client.psock).to.equal(undefined);
  });

  it("lets a socket go that is closed", () => {
    const network = new SocketNetwork(1);
    const { client } = open(network, 40000);
    const map = socketMap(network);
    map.put(key(2), client, 0);
    expect([...map.entries()].map(({ values }) => toHex(values[0]!))).to.deep.equal(["0200000000000000"]);
    network.close(client);
    expect([...map.entries()]).to.deep.equal([]);
  });
});

describe("verdicts on messages", () => {
  function pair(verdict: (message: Message) => StreamVerdict) {
    const network = new SocketNetwork(1);
    const { client, server } = open(network, 40000);
    const map = socketMap(network);
    const sizes: number[] = [];
    map.programs.message = (_, message) => {
      sizes.push(message.sizeBytes);
      return verdict(message);
    };
    map.put(key(0), client, 0);
    return { network, client, server, sizes, map };
  }

  it("are asked for once for `apply` bytes, over sends", () => {
    const { network, client, server, sizes } = pair((message) => {
      message.applyBytes = 5;
      return passed;
    });
    for (const letters of ["abc", "defgh", "ijk"]) network.send(client, text(letters));
    expect(read(server)).to.equal("abcdefghijk");
    expect(sizes).to.deep.equal([3, 3, 1]);
  });

  it("wait for `cork` bytes", () => {
    const { network, client, server, sizes } = pair((message) => {
      message.corkBytes = 6;
      return passed;
    });
    network.send(client, text("ab"));
    network.send(client, text("cd"));
    expect(read(server)).to.equal("");
    network.send(client, text("efg"));
    expect(read(server)).to.equal("abcdefg");
    expect(sizes).to.deep.equal([2, 7]);
  });

  it("drop what they apply to, and say so to who sends", () => {
    const { network, client, server } = pair((message) => {
      message.applyBytes = 2;
      return { passed: message.bytes[0] !== 120, redirect: undefined };
    });
    expect(network.send(client, text("abxxcd"))).to.equal(4);
    expect(read(server)).to.equal("ab");
    // tcp_bpf_send_verdict() returns without forgetting the verdict.
    expect(network.send(client, text("ef"))).to.equal(-13);
    expect(read(server)).to.equal("");
  });

  it("redirect into another socket, past its peer", () => {
    const other: { socket?: Socket } = {};
    const { network, client, server, map } = pair(() => ({
      passed: true,
      redirect: { socket: other.socket!, ingress: true },
    }));
    other.socket = open(network, 40001).server;
    expect(network.send(client, text("lost"))).to.equal(-32);
    map.put(key(1), other.socket, 0);
    expect(network.send(client, text("found"))).to.equal(5);
    expect([read(server), read(other.socket), server.count.bytesIn]).to.deep.equal(["", "found", 0]);
  });
});

describe("a message", () => {
  it("shows its first element, and more once it is pulled", () => {
    const message = new Message();
    message.append(text("world"));
    message.openFirst();
    expect(message.push(0, 6)).to.equal(0);
    expect(message.window).to.deep.equal({ start: 0, end: 6 });
    message.store(0, text("hello "));
    expect(message.pull(4, 9)).to.equal(0);
    expect(message.window).to.deep.equal({ start: 4, end: 9 });
    expect(message.pull(4, 12)).to.equal(-22);
    expect(message.pop(5, 6)).to.equal(0);
    expect(String.fromCharCode(...message.bytes)).to.equal("hello");
    expect(message.pop(3, 3)).to.equal(-22);
  });

  it("keeps its bytes however it is changed", () => {
    const change = fc.record({ start: fc.nat(40), length: fc.nat(20), kind: fc.constantFrom("push", "pop", "pull") });
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 30 }),
        fc.array(change, { maxLength: 30 }),
        (bytes, changes) => {
          const message = new Message();
          message.append(bytes);
          let plain = [...bytes];
          for (const { start, length, kind } of changes) {
            const result = kind === "pull" ? message.pull(start, start + length) : message[kind](start, length);
            const possible =
              kind === "push"
                ? length === 0 || (start <= plain.length && plain.length > 0)
                : length === 0
                  ? kind === "pop"
                  : start + length <= plain.length;
            expect(result === 0, `${kind} ${start} ${length} of ${plain.length}`).to.equal(possible);
            if (result === 0 && kind === "push") plain.splice(start, 0, ...new Array<number>(length).fill(0));
            if (result === 0 && kind === "pop") plain = [...plain.slice(0, start), ...plain.slice(start + length)];
            expect([...message.bytes]).to.deep.equal(plain);
          }
        },
      ),
      { seed: 4 },
    );
  });
});

describe("a stream parser", () => {
  /** Messages of a length byte and so many more; the parser looks for the length where the message begins. */
  function parsed(segments: readonly Uint8Array[]): string[] {
    const network = new SocketNetwork(1);
    const { client, server } = open(network, 40000);
    const map = socketMap(network);
    const messages: string[] = [];
    let next = server.receiveNext;
    map.programs.parser = (_, { seq, bytes }) => {
      const at = (next - seq) >>> 0;
      if (at >= bytes.length) return 0;
      return bytes[at]! + 1;
    };
    map.programs.streamVerdict = (_, { seq, bytes }) => {
      const at = (next - seq) >>> 0;
      const length = bytes[at]! + 1;
      messages.push(toHex(bytes.slice(at, at + length)));
      next = (next + length) >>> 0;
      return passed;
    };
    map.put(key(0), server, 0);
    for (const segment of segments) network.send(client, segment);
    expect(toHex(server.taken())).to.equal(messages.join(""));
    return messages;
  }

  it("sees several messages of a segment, and one in several segments", () => {
    const whole = fromHex("02aabb 00 01cc 03ddeeff");
    expect(parsed([whole])).to.deep.equal(["02aabb", "00", "01cc", "03ddeeff"]);
    expect(parsed(Array.from(whole, (byte) => Uint8Array.of(byte)))).to.deep.equal([
      "02aabb",
      "00",
      "01cc",
      "03ddeeff",
    ]);
  });

  it("finds the same messages wherever the stream is cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(messages, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (bodies, sizes) => {
        const wanted = bodies.map((body) => Uint8Array.of(body.length, ...body));
        const stream = joined(wanted);
        const segments: Uint8Array[] = [];
        for (let at = 0; at < stream.length;) {
          const size = sizes.next().value;
          segments.push(stream.slice(at, at + size));
          at += size;
        }
        expect(parsed(segments)).to.deep.equal(wanted.map(toHex));
      }),
      { seed: 5 },
    );
  });
});
