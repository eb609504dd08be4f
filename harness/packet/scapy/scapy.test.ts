import { expect } from "chai";
import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { HarnessError } from "../../model/error.js";
import { toHex } from "../../model/hex.js";
import { packetArbitrary } from "../arbitraries.js";
import { packetFromText, toScapy } from "../text.js";

/**
 * The real Scapy as oracle. Debian's package has a Python of its own, whatever else is installed;
 * evaluated are only texts that this file makes.
 */
const python = "/usr/bin/python3";
const program = `
import json, logging, sys
logging.getLogger("scapy").setLevel(logging.CRITICAL)
from scapy.all import *
from scapy.layers.vxlan import VXLAN
from scapy.contrib.geneve import GENEVE, GeneveOptions
def build(text):
    return bytes(eval(text)).hex()
def dissect(first, hex):
    """Scapy's own text of a packet, where Scapy itself gets the bytes back from it."""
    text = eval(first)(bytes.fromhex(hex)).command()
    return text if build(text) == hex else None
def attempt(question):
    try: return globals()[question[0]](*question[1:])
    except Exception as reason: return repr(reason)
json.dump([attempt(question) for question in json.load(sys.stdin)], sys.stdout)
`;

function isInstalled(): boolean {
  try {
    execFileSync(python, ["-c", "import scapy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

type Question = readonly ["build", text: string] | readonly ["dissect", first: "Ether" | "IP" | "IPv6", hex: string];

function askScapy(questions: readonly Question[]): readonly (string | null)[] {
  const output = execFileSync(python, ["-c", program], {
    input: JSON.stringify(questions),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return JSON.parse(output) as readonly (string | null)[];
}

function expectSame(texts: readonly string[]): void {
  const theirs = askScapy(texts.map((text) => ["build", text]));
  const ours = texts.map((text) => toHex(packetFromText(text).bytes));
  const differing = texts.findIndex((_, i) => ours[i] !== theirs[i]);
  if (differing < 0) return;
  expect(`${texts[differing]!}\n${ours[differing]!}`).to.equal(`${texts[differing]!}\n${theirs[differing]!}`);
}

/** As people write them; only what Scapy would ask the machine for has to be given. */
const idioms = [
  'Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/IP(src="10.0.0.1", dst="10.0.0.2", flags="DF")/TCP(dport=80, flags="S", options=[("MSS", 1460)])/Raw(b"..")',
  'IP(src="1.2.3.4")/UDP()/"text é \\x41\\n"',
  "IP(src='1.2.3.4', dst='5.6.7.8', ttl=0x40, proto='udp')/b'\\x01\\x02'",
  'IP(src="1.2.3.4", tos=0xb8, frag=5, flags="MF+DF", id=7)/ICMP()/(b"ab" * 20)',
  'IP(src="1.2.3.4")/ICMP(type="dest-unreach", code=4, nexthopmtu=1400)/IP(src="5.6.7.8", dst="1.2.3.4")/UDP(sport=1)',
  'IP(src="1.2.3.4")/ICMP(type=11)/IP(src="9.9.9.9")/TCP()',
  'IP(src="1.2.3.4")/ICMP(type=5, gw="10.0.0.254")',
  'IP(src="1.2.3.4")/TCP(options=[("SAckOK", b""), ("Timestamp", (1, 2)), ("SAck", (1, 2, 3, 4)), (254, b"\\x01"), ("EOL", None)])',
  'IP(src="1.2.3.4", options=[IPOption(b"\\x94\\x04\\x00\\x00"), IPOption_NOP()])/UDP()',
  'Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/Dot1Q(vlan=5, prio=3)/ARP(op="is-at", hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", pdst="10.0.0.2")',
  'Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/Dot1AD(vlan=5)/Dot1Q(vlan=6)/b"x"',
  'Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/IP(src="10.0.0.1")/UDP()/Raw(b"x")/Padding(b"\\0" * 8)',
  'IPv6(src="fd00::1")/ICMPv6EchoRequest(id=1, seq=2, data=b"abcdefg")',
  'IPv6(src="fd00::1")/ICMPv6ND_NS(tgt="fd00::2")/ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:01")',
  'IPv6(src="fd00::1")/ICMPv6ND_RS()',
  'IPv6(src="fd00::1")/ICMPv6ND_RA(M=1, prf=0)/ICMPv6NDOptUnknown(type=25, data=b"abcdef")',
  'IPv6(src="fd00::1")/ICMPv6Unknown(type=143, msgbody=b"\\x00\\x00\\x00\\x00")',
  'IPv6(src="fd00::1", tc=3, fl=5)/IPv6ExtHdrHopByHop(options=[RouterAlert(value=1), Jumbo(jumboplen=9)])/TCP()',
  'IPv6(src="fd00::1")/IPv6ExtHdrHopByHop(options=[HBHOptUnknown(otype=30, optdata=b"abc"), RouterAlert()])/UDP()',
  'IPv6(src="fd00::1")/IPv6ExtHdrDestOpt()/IPv6ExtHdrFragment(m=1, offset=3, id=9)/UDP()/b"abc"',
  'IPv6(src="fd00::1")/IPv6ExtHdrRouting(addresses=["fd00::3", "fd00::4"])/UDP()/b"x"',
  'IPv6(src="fd00::1")/IPv6ExtHdrSegmentRouting(addresses=["fd00::3", "fd00::4"], tag=7)/TCP()',
  'IP(src="1.2.3.4")/GRE(key_present=1, key=7)/IP(src="5.6.7.8")/UDP()',
  'IP(src="1.2.3.4")/GRE(chksum_present=1)/IPv6(src="fd00::1")/UDP()',
  'IP(src="1.2.3.4")/GRE()/Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/b"x"',
  'IP(src="1.2.3.4")/UDP(sport=9)/VXLAN(vni=5)/Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")/IP(src="1.1.1.1")/UDP()',
  'IP(src="1.2.3.4")/UDP()/VXLAN(vni=5, flags=8)/Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")',
  'IP(src="1.2.3.4")/UDP()/GENEVE(vni=5, options=[GeneveOptions(classid=0x0102, type=0x80, data=b"abcd")])/IP(src="1.1.1.1")',
  'IP(src="1.2.3.4")/IP(src="5.6.7.8")/IPv6(src="fd00::1")/TCP()',
  'IP(src="1.2.3.4")/UDP()/DNS(rd=0, qd=DNSQR(qname="a.example.com", qtype="AAAA"))',
  'IP(src="1.2.3.4")/UDP()/DNS(id=5, qr=1, qd=DNSQR(qname="a.b"), an=DNSRR(rrname="a.b", ttl=9, rdata="1.2.3.4")/DNSRR(rrname="a.b", type="TXT", rdata="hi"))',
  'IP(src="1.2.3.4")/UDP()/DNS()',
];

const byte = fc.nat(255);
const port = fc.nat(65_535);
const word = fc.nat(0xffff_ffff);
const hex = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => `b"${[...bytes].map((b) => `\\x${toHex(Uint8Array.of(b))}`).join("")}"`);
const ipv4 = fc.ipV4().map((address) => `"${address}"`);
const ipv6 = fc
  .ipV6()
  .filter((address) => !address.includes("."))
  .map((address) => `"${address}"`);
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => `"${[...bytes].map((b) => toHex(Uint8Array.of(b))).join(":")}"`);

/** Fields of a layer, each given or left to Scapy's default; those in `always` depend on the machine. */
function call(
  name: string,
  fields: Record<string, fc.Arbitrary<unknown>>,
  always: readonly string[] = [],
): fc.Arbitrary<string> {
  return fc.record(fields, { requiredKeys: [...always] }).map((given) => {
    const written = Object.entries(given).map(([field, value]) => `${field}=${String(value)}`);
    return `${name}(${written.join(", ")})`;
  });
}

const ether = call("Ether", { src: mac, dst: mac, type: port }, ["src", "dst"]);
const vlan = call("Dot1Q", { prio: fc.nat(7), id: fc.nat(1), vlan: fc.nat(4095) });
// Not `len`: where it is wrong, Scapy takes it for the length in the pseudo-header, too.
const ip = call(
  "IP",
  { src: ipv4, dst: ipv4, ttl: byte, tos: byte, id: port, chksum: port, flags: fc.nat(7), proto: byte },
  ["src"],
);
const ip6 = call("IPv6", { src: ipv6, dst: ipv6, hlim: byte, tc: byte, fl: fc.nat(0xfffff), plen: port, nh: byte }, [
  "src",
]);
const fragment = call("IPv6ExtHdrFragment", { id: word, m: fc.nat(1), offset: fc.nat(8191) }, ["id"]);
const tcp = call("TCP", {
  sport: port,
  dport: port,
  seq: word,
  ack: word,
  flags: fc.nat(511),
  window: port,
  chksum: port,
  urgptr: port,
});
const udp = call("UDP", { sport: port, dport: port, len: port, chksum: port });
const icmp = call("ICMP", { code: byte, id: port, seq: port });
const echo6 = call("ICMPv6EchoReply", { code: byte, id: port, seq: port, data: hex });
const gre = call("GRE", { chksum_present: fc.nat(1), seqnum_present: fc.nat(1), version: fc.constant(0), proto: port });
const raw = hex.map((load) => `Raw(${load})`);

const join = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join("/"));
const over4 = fc.oneof(
  join(ip, tcp),
  join(ip, udp, raw),
  join(ip, icmp, raw),
  join(ip, gre, ip, udp),
  join(ip, ip6, tcp, raw),
  join(ip, raw),
);
const over6 = fc.oneof(
  join(ip6, tcp, raw),
  join(ip6, fragment, udp),
  join(ip6, echo6),
  join(ip6, ip, udp),
  join(ip6, raw),
);
const expression = fc.oneof(over4, over6, join(ether, over4), join(ether, vlan, over6), join(ether, vlan, vlan, raw));

const installed = isInstalled();

describe(installed ? "Scapy itself" : "Scapy itself (skipped: python3-scapy is not installed)", function () {
  this.timeout(60_000);

  before(function () {
    if (!installed) this.skip();
  });

  it("builds the same bytes from expressions that people write", () => expectSame(idioms));

  it("builds the same bytes from any expression, defaults and all", () => {
    expectSame(fc.sample(expression, { numRuns: 600, seed: 81 }));
  });

  it("builds our packets again from the text that we print of them", () => {
    const packets = fc.sample(packetArbitrary, { numRuns: 600, seed: 82 });
    const built = askScapy(packets.map((packet) => ["build", toScapy(packet)]));
    for (const [i, packet] of packets.entries()) expect(built[i], toScapy(packet)).to.equal(toHex(packet.bytes));
  });

  it("prints texts of packets that we build the same, or refuse by the name of the class", () => {
    const packets = fc.sample(packetArbitrary, { numRuns: 600, seed: 83 });
    const texts = askScapy(
      packets.map(({ linkType, bytes }) => ["dissect", firstLayer(linkType, bytes), toHex(bytes)]),
    );
    let read = 0;
    for (const [i, text] of texts.entries()) {
      if (text === null || !text.includes("(")) continue;
      try {
        expect(toHex(packetFromText(text).bytes), text).to.equal(toHex(packets[i]!.bytes));
        read++;
      } catch (error) {
        if (!(error instanceof HarnessError)) throw error;
        expect(error.message, text).to.match(/no class '\w+' is known here|\w+ is not known here/);
      }
    }
    expect(read).to.be.above(packets.length / 2);
  });
});

function firstLayer(linkType: string, bytes: Uint8Array): "Ether" | "IP" | "IPv6" {
  if (linkType === "ethernet") return "Ether";
  return bytes[0]! >> 4 === 6 ? "IPv6" : "IP";
}
