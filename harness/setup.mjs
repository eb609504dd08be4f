#!/usr/bin/env node
// Makes a fresh checkout ready, and is quick and silent where nothing is missing. No dependencies:
// it runs before there are any.
//
//   node harness/setup.mjs         what `npm start` needs
//   node harness/setup.mjs --test  what `npm test` needs as well
//
// System packages are installed only as root on Debian or Ubuntu, after they have been named;
// PACKETPROOF_SETUP=off refuses that.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes("--test");

/** What is needed, how to see that it is there, and the Debian package that brings it. */
const needs = [
  { what: "libbpf.so.1", there: () => library("libbpf.so.1"), package: "libbpf1" },
  { what: "ip", there: () => command("ip"), package: "iproute2" },
  { what: "ping", there: () => command("ping"), package: "iputils-ping" },
  { what: "curl", there: () => command("curl"), package: "curl" },
  { what: "nginx", there: () => command("nginx"), package: "nginx-light" },
  { what: "wrk", there: () => command("wrk"), package: "wrk" },
  { what: "openssl", there: () => command("openssl"), package: "openssl" },
  { what: "dnsmasq", there: () => command("dnsmasq"), package: "dnsmasq-base" },
  { what: "iptables", there: () => command("iptables"), package: "iptables" },
  { what: "nft", there: () => command("nft"), package: "nftables" },
  { what: "bpftrace", there: () => command("bpftrace"), package: "bpftrace" },
  { what: "addr2line", there: () => command("addr2line"), package: "binutils" },
  { what: "wget", there: () => command("wget"), package: "wget" },
  { what: "script", there: () => command("script"), package: "bsdutils" },
];
const testNeeds = [
  { what: "clang", there: () => command("clang"), package: "clang" },
  { what: "llvm-strip", there: () => command("llvm-strip"), package: "llvm" },
  { what: "bpf/bpf_helpers.h", there: () => existsSync("/usr/include/bpf/bpf_helpers.h"), package: "libbpf-dev" },
  { what: "gcc", there: () => command("gcc"), package: "gcc" },
  { what: "make", there: () => command("make"), package: "make" },
  { what: "g++", there: () => command("g++"), package: "g++" },
  { what: "pcap.h (for the npm package cap)", there: () => existsSync("/usr/include/pcap.h"), package: "libpcap-dev" },
  { what: "tshark", there: () => command("tshark"), package: "tshark" },
  { what: "chromium", there: () => command("chromium"), package: "chromium" },
  { what: "scapy", there: () => existsSync("/usr/lib/python3/dist-packages/scapy"), package: "python3-scapy" },
];

systemPackages();
npmPackages();
build();

function systemPackages() {
  if (process.platform !== "linux") return;
  const missing = [...needs, ...(forTests ? testNeeds : [])].filter((need) => !need.there());
  if (missing.length === 0) return;
  const names = missing.map((need) => need.what).join(", ");
  const packages = missing.map((need) => need.package);
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.env.PACKETPROOF_SETUP === "off") return say(`missing: ${names} (PACKETPROOF_SETUP=off: not installed)`);
  if (!command("apt-get")) return say(`missing: ${names}; install these to run everything`);
  if (process.getuid() !== 0) return say(`missing: ${names}; to run everything: sudo ${install}`);
  say(`missing: ${names}; installing ${packages.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env, mayFail: true });
  const args = ["install", "-y", "-qq", "--no-install-recommends"];
  // Starting services that a package brings is none of our business: nginx would listen on port 80.
  const quiet = { ...env, RUNLEVEL: "1" };
  run("apt-get", [...args, ...packages], { env: quiet, mayFail: true });
  const still = missing.filter((need) => !need.there());
  if (still.length > 0)
    say(`could not install ${still.map((n) => n.package).join(" ")}; what needs them is skipped by name`);
}

function npmPackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  // The optional package cap is left out by npm where pcap.h is missing: try again once it is there.
  const capMissing = forTests && existsSync("/usr/include/pcap.h") && !existsSync(join(root, "node_modules", "cap"));
  if (current && !capMissing) return;
  say("installing npm packages");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

function build() {
  const stamp = join(root, "dist", ".built");
  const sources = ["harness", "netns", "reports", "bpf", "tsconfig.json", "package.json"].map((name) =>
    join(root, name),
  );
  const newest = Math.max(...sources.map(newestChange));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return;
  say("compiling");
  run(process.execPath, [join(root, "harness", "prepare.mjs")]);
}

/** Milliseconds of the latest change below a path; generated and compiled files do not count. */
function newestChange(path) {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return /\.(tsx?|css|json|mjs)$/.test(path) ? info.mtimeMs : 0;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestChange(join(path, name))), 0);
}

function command(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function library(name) {
  if (existsSync("/etc/ld.so.cache") && readFileSync("/etc/ld.so.cache").includes(name)) return true;
  return ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].some((folder) => existsSync(join(folder, name)));
}

function run(file, args, { env = process.env, mayFail = false } = {}) {
  const { status, error, stdout, stderr } = spawnSync(file, args, { cwd: root, env, encoding: "utf8" });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  say(`${file} ${args.join(" ")} failed${error ? `: ${error.message}` : ` with exit status ${status}`}`);
  if (!mayFail) process.exit(1);
}

function say(text) {
  process.stderr.write(`packetproof set-up: ${text}\n`);
}
