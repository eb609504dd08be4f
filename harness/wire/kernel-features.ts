import { spawnSync } from "node:child_process";
import { kernelFeatures, type KernelFeature } from "../model/kernel-feature.js";

/** What works only where the kernel has the feature; it is tried in a network namespace that goes when it ends. */
const trials: Readonly<Record<KernelFeature, readonly string[]>> = {
  htb: ["tc", "qdisc", "add", "dev", "lo", "root", "htb"],
  esp: [
    ...["ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi", "1"],
    ...["aead", "rfc4106(gcm(aes))", `0x${"00".repeat(20)}`, "128"],
  ],
};

const tried = new Map<KernelFeature, boolean>();

/** Those of the features that the running kernel lacks, as reasons. */
export function missingFeatures(needed: readonly KernelFeature[]): readonly string[] {
  return needed.filter((name) => !isThere(name)).map((name) => `${kernelFeatures[name]}: not in this kernel`);
}

function isThere(name: KernelFeature): boolean {
  let known = tried.get(name);
  if (known === undefined) {
    known = spawnSync("unshare", ["--net", ...trials[name]], { stdio: "ignore" }).status === 0;
    tried.set(name, known);
  }
  return known;
}
