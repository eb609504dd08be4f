import { expect } from "chai";
import { join } from "node:path";
import { hiddenBugsFolder, readHiddenBugs, type HiddenBug } from "../../bpf/hidden-bugs.js";
import { Campaign } from "../fuzz/campaign.js";
import { findingText } from "../fuzz/finding-text.js";
import { fuzzSubjects } from "./fuzz-subjects.js";
import { projectRoot } from "./project.js";

/** Of 4,000 guided and 64 drawn packets each: what `fuzz` does in a second or two. */
const mostSlices = 25;

/** Found in less than a minute, and in more than a test may take (`packetproof fuzz fixtures/objects/NAME.bpf.o`). */
const slow: ReadonlySet<string> = new Set(["mss_option_cut_off"]);

/** The short form: on the simulator alone, and only until the bug is found. */
describe("the fuzzer", () => {
  it("finds hidden bugs, and tells them with a packet that a person can read", async function () {
    this.timeout(120_000);
    const missed: string[] = [];
    for (const bug of (await readHiddenBugs()).filter(({ name, find }) => find && !slow.has(name))) {
      const found = await findingOf(bug);
      if (found === undefined) missed.push(bug.name);
      else expect(found, bug.name).to.match(/packet {4}eth.*\n +layers {2}\[eth/);
    }
    expect(missed).to.deep.equal([]);
  });

  for (const name of ["access_port", "balancer", "dns_guard", "ipip", "mss_clamp", "nat", "router"])
    it(`finds nothing in ${name}, which has none`, async () => {
      expect(await find(join(projectRoot, "fixtures", "objects", `${name}.bpf.o`), 3)).to.deep.equal([]);
    });
});

async function findingOf({ name, scenario, find: expected }: HiddenBug): Promise<string | undefined> {
  const object = join(projectRoot, "fixtures", "objects", `${name}.bpf.o`);
  const target = scenario === undefined ? object : join(hiddenBugsFolder, scenario);
  const wanted = `: ${expected!.property}: ${expected!.what ?? ""}`;
  return (await find(target, mostSlices, wanted)).find((text) => text.includes(wanted));
}

/** Until something is found with these words in it. */
async function find(target: string, slices: number, wanted = "nothing"): Promise<string[]> {
  const found: string[] = [];
  const { subjects, diagnostics } = await fuzzSubjects(target, 1);
  expect(diagnostics).to.deep.equal([]);
  const campaigns = subjects.map(
    ({ plan, step }) =>
      new Campaign(plan, step, { seed: 1, onFinding: (finding) => void found.push(findingText(finding)) }),
  );
  for (let slice = 0; slice < slices && !found.some((text) => text.includes(wanted)); slice++)
    for (const campaign of campaigns) campaign.slice();
  for (const campaign of campaigns) campaign.close();
  return found;
}
