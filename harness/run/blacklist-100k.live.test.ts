import { join } from "node:path";
import { expect } from "chai";
import type { MapPatch, Plan } from "../model/plan.js";
import { planScenario } from "../plan/plan.js";
import { parseScenario } from "../scenario/parse.js";
import { probeBackends } from "./backends.js";
import { findObject } from "./object.js";
import { projectRoot } from "./project.js";
import { runJob } from "./run-job.js";
import { Sessions } from "./run.js";

/**
 * The blacklist with 100,000 entries: too many to write into a scenario, so the plan is given them
 * here. What is tried is still a scenario.
 */

const entries = 100_000;

const scenario = `
name: a hundred thousand blocked addresses are as good as one
program: xdp_blacklist.bpf.c
hook: xdp
maps: { addresses_v4: [{ key: 10.0.0.0, value: RULE_DROP }] }
cases:
  - name: first, last and one in the middle are dropped, the next one is not
    steps:
      - send:
          - [eth, ipv4: { src: 10.0.0.0 }, udp]
          - [eth, ipv4: { src: 10.0.195.80 }, udp]
          - [eth, ipv4: { src: 10.1.134.159 }, udp]
        expect: { verdict: XDP_DROP }
      - send: [eth, ipv4: { src: 10.1.134.160 }, udp]
        expect: { verdict: XDP_PASS }
      - delete: { addresses_v4: [10.0.195.80] }
        expect: { maps: { addresses_v4: { count: 99999 } } }
      - send: [eth, ipv4: { src: 10.0.195.80 }, udp]
        expect: { verdict: XDP_PASS }
      - send: [eth, ipv4: { src: 10.0.195.81 }, udp]
        expect: { verdict: XDP_DROP }
`;

async function planWithAllEntries(): Promise<Plan> {
  const file = join(projectRoot, "scenarios", "blacklist", "hundred-thousand.yml");
  const { scenario: parsed, diagnostics } = parseScenario(scenario, file);
  expect(diagnostics).to.deep.equal([]);
  const object = await findObject(parsed!.program, file);
  const readCapture = () => Promise.reject(new Error("the scenario has no capture"));
  const [plan] = await planScenario(parsed!, object, { seed: 1, readCapture });
  const [first] = plan!.maps;
  return { ...plan!, maps: Array.from({ length: entries }, (_, n) => ({ ...first!, key: addressKey(n) })) };
}

/** The nth address from 10.0.0.0 on, in network byte order. */
function addressKey(n: number): MapPatch["key"] {
  return Uint8Array.of(10, n >>> 16, n >>> 8, n);
}

const capabilities = await probeBackends();

describe("a blacklist of 100,000 addresses", () => {
  const sessions = new Sessions({ port: "af_packet", signal: new AbortController().signal });
  after(() => sessions.close());

  for (const { backend, unavailable } of capabilities) {
    if (unavailable !== undefined) {
      it(`${backend} does not run here: ${unavailable}`);
      continue;
    }
    it(`drops and passes on ${backend}`, async () => {
      const result = await runJob({ plan: await planWithAllEntries(), backend }, await sessions.get(backend));
      expect(result.outcome, JSON.stringify(result, undefined, 2)).to.equal("passed");
    });
  }
});
