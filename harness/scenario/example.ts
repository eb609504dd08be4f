/** A scenario that uses every part of the language, for tests. */
export const exampleScenario = `# yaml-language-server: $schema=../../harness/scenario/schema.json
name: everything at once
description: |
  Two lines
  of text.
program: router.bpf.c
entry: route
hook: xdp
backends: [kernel, wire]
globals: { debug: false, limit: 0x1F, big: 0xffffffffffffffff }
maps:
  services:
    - key: 1
      value: { vip: 10.0.0.5, mac: 02:00:00:00:00:05 }
  counter: 0
pins: { counter: counter }
load: {}
attach: [{ entry: leave, hook: tc-egress, at: dut:eth1 }]
objects:
  other: { program: other.bpf.c, globals: { debug: true }, maps: { counter: 1 }, attach: [{ hook: xdp, at: server:eth0 }] }
topology:
  hosts:
    client:
      interfaces: { eth0: { addresses: [10.0.0.1/24, fd00::1/64] } }
      routes: [{ to: default, via: 10.0.0.254 }, { to: 10.9.0.0/16, dev: eth0 }]
      neighbours: [{ address: 10.0.0.254, mac: "02:00:00:00:00:02" }]
      sysctls: { net.ipv4.ip_forward: 1 }
    dut:
      interfaces: { eth0: , eth1: { mac: "02:00:00:00:01:02", mtu: 9000 } }
    server:
      interfaces: { eth0: { addresses: 10.0.1.2/24 } }
  links: [[client:eth0, dut:eth0]]
  bridges: { lan: [dut:eth1, server:eth0] }
  attach: dut:eth0
services:
  - host: server
    run: [nginx, -c, nginx.conf]
    files: { nginx.conf: "daemon off;" }
    ready: { tcp: 80 }
    timeout: 2s
cases:
  - name: one step in the case itself
    matrix: { port: [80, 443], flag: [S, SA] }
    maps: { counter: 5 }
    send:
      - eth: &eth { src: "02:00:00:00:00:10" }
      - ipv4: { src: 10.0.0.10, dst: 10.0.0.5, ttl: 64 }
      - tcp: { sport: 40000, dport: $port, flags: "\${flag}" }
      - payload: costs $$5
    from: client
    times: 10
    senders: 2
    truncate: 60
    meanwhile: { swap: next.bpf.c }
    context: { rx_queue_index: 0 }
    expect:
      verdict: [XDP_TX, 4]
      packet:
        eth: { dst: "02:00:00:00:00:02" }
        ipv4: { dst: { in: [10.0.0.2, 10.0.0.3] }, ttl: 1..64, src: 10.0.0.0/8, id: { not: 7 } }
        tcp: { dport: { min: 1 }, sport: { mask: 0xff00, value: 0x9c00 }, flags: any }
      redirect: { dev: eth1 }
      maps: { counter: unchanged, services: [{ key: 1, absent: true }] }
      events: [{ pid: 1 }]
      printk: ["^routed .* \\\\d+", "done$"]
      frames: { "server:eth0": [{ ipv4: { ttl: 63 } }] }
      wire: { verdict: XDP_TX }
  - name: several steps
    only: false
    skip: not today
    xfail: { wire: known }
    backends: kernel
    uptime: 2h
    globals: { debug: true }
    steps:
      - update: { services: [{ key: 2, value: { vip: 10.0.0.6 } }] }
        delete: { services: [1] }
      - name: the ping
        ping: { from: client, to: server, count: 3, size: 100, timeout: 1500ms, replies: 2..3 }
      - http: { url: "http://server:8080/x", times: 20, status: 200, bodies: [a, b] }
      - run: { host: client, command: [nc, -z, 10.0.1.2, 80], exit: 1, stdout: refused }
      - send: { pcap: dns.pcapng, frames: "1-20,25", filter: [udp], set: [eth: *eth] }
        expect: { unchanged: all, context: { egress_ifindex: 3 } }
      - send:
          packets:
            - [eth, ipv4, icmp]
            - hex: 00112233445566778899aabb0800
            - text: Ether()/IP()
        expect:
          packet: [eth, ipv4, icmp, $]
          events: { map: events, type: event, ordered: false, timeout: 2s, list: [] }
      - swap: { program: next.bpf.c, entry: next, times: 3 }
      - swap: previous
      - clock: 1.5h
      - unload: true
      - expect: { maps: { counter: 3 } }
`;
