import { useEffect, useState } from "preact/hooks";
import type { BenchGroup, BenchHost, BenchResult } from "../../../harness/model/bench.js";
import type { PageContents } from "../page-data.js";
import { readMeasurement } from "./archive.js";
import { ContenderTable } from "./contender-table.js";
import { CurvePlot } from "./curve-plot.js";
import { Fold } from "./fold.js";
import { LatencyPlots } from "./latency-plots.js";
import { trimmed } from "./plot.js";
import type { Go, Route } from "./route.js";

/** What `packetproof bench` measured, one result at a time. */
export function MeasurementsView(props: { measurements: PageContents["measurements"]; route: Route; go: Go }) {
  const { measurements, route, go } = props;
  const shown = measurements[route.measurement] ? route.measurement : 0;
  const [result, setResult] = useState<BenchResult>();
  useEffect(() => {
    let current = true;
    void readMeasurement(shown).then((value) => current && setResult(value));
    return () => {
      current = false;
    };
  }, [shown]);
  return (
    <div class="measurements">
      {measurements.length > 1 && (
        <nav class="numbers" aria-label="Measurements">
          {measurements.map(({ name }, i) => (
            <button key={i} aria-current={i === shown ? "true" : undefined} onClick={() => go({ measurement: i })}>
              {name}
            </button>
          ))}
        </nav>
      )}
      {result && <Result key={shown} result={result} />}
    </div>
  );
}

function Result({ result }: { result: BenchResult }) {
  const { title, name, startedAt, durationMs, seed, groups, notes, host } = result;
  return (
    <>
      <header>
        <h2>{title}</h2>
        <p class="dim">
          {name}, {startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")}, took {(durationMs / 1000).toFixed(0)} s,
          seed {seed}
        </p>
      </header>
      {notes.map((note) => (
        <p key={note} class="dim">
          {note}
        </p>
      ))}
      {groups.map((group) => (
        <Group key={group.id} group={group} />
      ))}
      <Host host={host} packetproof={result.packetproof} />
    </>
  );
}

function Group({ group }: { group: BenchGroup }) {
  const { title, method, rounds, warmUpRounds, tiers, skipped, contenders, nullControl, disturbances = [] } = group;
  const name = (id: string): string => contenders.find((each) => each.id === id)?.title ?? id;
  const { low, high } = nullControl.ratio;
  const table = <ContenderTable group={group} />;
  return (
    <section class="group-of-measurements" aria-label={title}>
      <h3>{title}</h3>
      <p class="dim method">
        {method.replace(/\.$/, "")}. {rounds} rounds after {warmUpRounds} to warm up. The same thing against itself:{" "}
        <span class={nullControl.verdict === "none" ? "" : "failed"}>
          ×{trimmed(low)} to ×{trimmed(high)}
        </span>
        .
      </p>
      {disturbances.map((sentence) => (
        <p key={sentence} class="failed">
          disturbed: {sentence}
        </p>
      ))}
      {tiers.length > 0 && !group.axis && (
        <p class="tiers">
          {tiers.map((tier, i) => (
            <span key={i}>
              {i > 0 && <span class="dim"> before </span>}
              {tier.map(name).join(" ≈ ")}
            </span>
          ))}
        </p>
      )}
      {group.axis ? <CurvePlot group={group} /> : table}
      {!group.axis && contenders.some(({ latency }) => latency) && <LatencyPlots group={group} />}
      {group.axis && <Fold title="Figures">{table}</Fold>}
      {skipped.map(({ contender, reason }) => (
        <p key={contender} class="skipped">
          {contender} was skipped: {reason}
        </p>
      ))}
    </section>
  );
}

function Host({ host, packetproof }: { host: BenchHost; packetproof: string }) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["kernel", `${host.kernel} ${host.architecture}`],
    ["CPU", `${host.cpus} × ${host.cpuModel}`],
    ["memory", `${host.memoryMb.toLocaleString("en")} MB`],
    ["virtualised", host.virtualised ?? "no"],
    ["BPF JIT", host.bpfJit],
    ["JIT hardening", host.bpfJitHarden],
    ["governor", host.governor],
    ["clock source", host.clocksource],
    ["Node", host.node],
    ["packetproof", packetproof],
    [
      "mitigations",
      Object.entries(host.mitigations)
        .map(([name, text]) => `${name}: ${text}`)
        .join("; "),
    ],
  ];
  return (
    <Fold title="The machine" note={`${host.kernel}, ${host.cpuModel}`}>
      <dl class="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Fold>
  );
}
