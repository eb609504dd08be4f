import type { PathEvidence } from "../../../harness/model/evidence.js";
import { timeText } from "./packet-way.js";

/** What the kernel did with a failing step's packets, host by host, in the order of time. */
export function PathView({ path: { events, omitted, counters } }: { path: PathEvidence }) {
  return (
    <figure class="path-view">
      <figcaption>
        on its way through the hosts <span class="dim">when the case was run once more</span>
      </figcaption>
      <ol>
        {events.map((event, i) => (
          <li key={i} class={event.kind}>
            <time>+{timeText(event.afterNs)}</time>
            <span class="place">{event.place}</span>
            <span class="what">
              {event.text}
              <KernelStack functions={event.stack} />
            </span>
          </li>
        ))}
      </ol>
      {omitted > 0 && <p class="dim">and {omitted.toLocaleString("en")} more</p>}
      {counters.length > 0 && <p class="dim">interface counters since the case began: {counters.join(", ")}</p>}
    </figure>
  );
}

/** Innermost first. */
export function KernelStack({ functions }: { functions: readonly string[] }) {
  if (functions.length === 0) return null;
  return (
    <details class="stack">
      <summary>kernel stack</summary>
      <pre tabIndex={0}>{functions.join("\n")}</pre>
    </details>
  );
}
