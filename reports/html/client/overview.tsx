import type { IndexedCase, PageIndex } from "../page-data.js";
import { percentText } from "./coverage-view.js";
import { durationText, OutcomeMark } from "./outcome.js";
import type { Go } from "./route.js";

/** What failed, then what was proved where, then where and with what it ran. */
export function Overview({ index, go }: { index: PageIndex; go: Go }) {
  return (
    <div class="overview">
      {index.remarks.length > 0 && (
        <section class="wide remarks" role="alert">
          {index.remarks.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </section>
      )}
      <Failures index={index} go={go} />
      <Backends index={index} go={go} />
      {index.systems.length > 0 && <Systems index={index} go={go} />}
      <Folders index={index} go={go} />
      <Slowest index={index} go={go} />
      <Machine index={index} />
    </div>
  );
}

const mostFailures = 20;

function Failures({ index, go }: { index: PageIndex; go: Go }) {
  const failures = index.cases.flatMap((each, at) => (each.trouble === undefined ? [] : [{ each, at }]));
  if (failures.length === 0) return null;
  return (
    <section class="failing" aria-labelledby="failures">
      <h2 id="failures">What failed</h2>
      <ul class="failures">
        {failures.slice(0, mostFailures).map(({ each, at }) => (
          <li key={at}>
            <button onClick={() => go({ view: "cases", filter: "", open: at, backend: undefined })}>
              <Marks index={index} each={each} />
              <span class="name">{each.name}</span>
              <span class="place">{index.files[each.file]!.path}</span>
              <span class="trouble">{each.trouble}</span>
            </button>
          </li>
        ))}
      </ul>
      {failures.length > mostFailures && (
        <button class="more" onClick={() => go({ view: "cases", filter: "failed" })}>
          all {failures.length} cases that failed
        </button>
      )}
    </section>
  );
}

export function Marks({ index, each }: { index: PageIndex; each: IndexedCase }) {
  return (
    <span class="marks">
      {index.backends.map((backend, i) => (
        <OutcomeMark key={backend} outcome={each.outcomes[i] ?? null} of={backend} />
      ))}
    </span>
  );
}

/** Cases passed and run on one backend. */
interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

function countOn(cases: readonly IndexedCase[], backend: number): Count {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcomes } of cases) {
    const outcome = outcomes[backend];
    if (outcome) count[outcome === "error" ? "failed" : outcome]++;
  }
  return count;
}

function Backends({ index, go }: { index: PageIndex; go: Go }) {
  const unavailable = index.environment.backends.filter(({ unavailable }) => unavailable !== undefined);
  return (
    <section class="tiles" aria-label="Backends">
      {index.backends.map((backend, i) => {
        const { passed, failed, skipped } = countOn(index.cases, i);
        const all = passed + failed + skipped;
        return (
          <button
            key={backend}
            class="tile"
            onClick={() => go({ view: "cases", filter: `${backend}:`, open: undefined })}
          >
            <span class="what">{backend}</span>
            <span class="number">{passed.toLocaleString("en")}</span>
            <span class="unit">of {all.toLocaleString("en")} passed</span>
            <span class="parts" aria-hidden="true">
              <Part kind="passed" share={passed / all} />
              <Part kind="failed" share={failed / all} />
              <Part kind="skipped" share={skipped / all} />
            </span>
            <span class="note">
              {failed > 0 && <b class="failed">{failed} failed</b>} {skipped > 0 && `${skipped} skipped`}
              {failed + skipped === 0 && "nothing failed, nothing skipped"}
            </span>
          </button>
        );
      })}
      {index.coverage && <CoverageTile shares={index.coverage} go={go} />}
      {unavailable.map(({ backend, unavailable }) => (
        <div key={backend} class="tile absent">
          <span class="what">{backend}</span>
          <span class="note">does not run here: {unavailable}</span>
        </div>
      ))}
    </section>
  );
}

function CoverageTile({ shares, go }: { shares: NonNullable<PageIndex["coverage"]>; go: Go }) {
  const { lines, branches, functions } = shares;
  return (
    <button class="tile" onClick={() => go({ view: "coverage", file: undefined, open: undefined })}>
      <span class="what">coverage in sim</span>
      <span class="number">{percentText(lines)}</span>
      <span class="unit">of {lines.of.toLocaleString("en")} lines of C</span>
      <span class="parts" aria-hidden="true">
        <Part kind="passed" share={lines.hit / lines.of} />
        <Part kind="none" share={1 - lines.hit / lines.of} />
      </span>
      <span class="note">
        {percentText(branches)} of branches, {percentText(functions)} of functions
      </span>
    </button>
  );
}

function Part({ kind, share }: { kind: string; share: number }) {
  return share > 0 ? <span class={kind} style={{ flexGrow: share }} /> : null;
}

function Systems({ index, go }: { index: PageIndex; go: Go }) {
  return (
    <section aria-labelledby="systems">
      <h2 id="systems">Systems, and what was proved where</h2>
      <CountTable
        index={index}
        head={["", "system"]}
        rows={index.systems.map(({ id, system, files }) => ({
          key: id,
          cells: [id, system],
          filter: id,
          cases: index.cases.filter(({ file }) => files.includes(file)),
        }))}
        go={go}
      />
    </section>
  );
}

function Folders({ index, go }: { index: PageIndex; go: Go }) {
  const folders = new Map<string, IndexedCase[]>();
  for (const each of index.cases) {
    const folder = index.files[each.file]!.path.replace(/[^/]*$/, "");
    folders.set(folder, [...(folders.get(folder) ?? []), each]);
  }
  if (folders.size < 2) return null;
  return (
    <section aria-labelledby="folders">
      <h2 id="folders">By folder</h2>
      <CountTable
        index={index}
        head={["folder"]}
        rows={[...folders].map(([folder, cases]) => ({ key: folder, cells: [folder], filter: folder, cases }))}
        go={go}
      />
    </section>
  );
}

interface CountRow {
  readonly key: string;
  readonly cells: readonly string[];
  readonly filter: string;
  readonly cases: readonly IndexedCase[];
}

function CountTable({ index, head, rows, go }: { index: PageIndex; head: string[]; rows: CountRow[]; go: Go }) {
  return (
    <table class="counts">
      <thead>
        <tr>
          {head.map((text) => (
            <th key={text} scope="col">
              {text}
            </th>
          ))}
          {index.backends.map((backend) => (
            <th key={backend} scope="col" class="number">
              {backend}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells, filter, cases }) => (
          <tr key={key}>
            {cells.map((text, i) => (
              <td key={i}>
                {i === cells.length - 1 ? (
                  <button onClick={() => go({ view: "cases", filter, open: undefined })}>{text}</button>
                ) : (
                  text
                )}
              </td>
            ))}
            {index.backends.map((backend, i) => (
              <td key={backend} class="number">
                <CountCell count={countOn(cases, i)} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CountCell({ count: { passed, failed, skipped } }: { count: Count }) {
  if (passed + failed + skipped === 0) return <span class="none">·</span>;
  return (
    <>
      {failed > 0 && <b class="failed">{failed} ✗ </b>}
      {passed > 0 && <span class="passed">{passed}</span>}
      {skipped > 0 && <span class="skipped"> {skipped} –</span>}
    </>
  );
}

const mostSlow = 8;

function Slowest({ index, go }: { index: PageIndex; go: Go }) {
  const all = index.cases.flatMap((each, at) =>
    each.durationsMs.flatMap((ms, i) => (ms === null ? [] : [{ each, at, ms, backend: index.backends[i]! }])),
  );
  const slowest = all.sort((a, b) => b.ms - a.ms).slice(0, mostSlow);
  return (
    <section aria-labelledby="slowest">
      <h2 id="slowest">Longest</h2>
      <table class="counts">
        <tbody>
          {slowest.map(({ each, at, ms, backend }) => (
            <tr key={`${at} ${backend}`}>
              <td>
                <button onClick={() => go({ view: "cases", filter: "", open: at, backend })}>{each.name}</button>{" "}
                <span class="path dim">{index.files[each.file]!.path}</span>
              </td>
              <td class="dim">{backend}</td>
              <td class="number">{durationText(ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Machine({ index }: { index: PageIndex }) {
  const { environment, seed, startedAt, durationMs } = index;
  const facts: readonly (readonly [string, string])[] = [
    ["kernel", `${environment.platform} ${environment.kernel}`],
    ["libbpf", environment.libbpf ?? "none"],
    ["Node", environment.node],
    ["packetproof", environment.packetproof],
    ["CPUs", String(environment.cpus)],
    ["seed", String(seed)],
    ["started", startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC")],
    ["took", durationText(durationMs)],
  ];
  return (
    <section aria-labelledby="machine">
      <h2 id="machine">Where and with what</h2>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
