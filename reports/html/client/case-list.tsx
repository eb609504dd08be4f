import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { IndexedCase, PageIndex } from "../page-data.js";
import { fits, parseFilter } from "./filter.js";
import { worst } from "./outcome.js";
import { Marks } from "./overview.js";
import type { Go, Route } from "./route.js";

/** From so many cases on, files without failures start closed. */
const manyCases = 600;
/** Cases of one file that are listed at once. */
const mostListed = 400;

interface Listed {
  readonly each: IndexedCase;
  readonly at: number;
}

/** Cases by scenario file, with the field that narrows them. */
export function CaseList({ index, route, go }: { index: PageIndex; route: Route; go: Go }) {
  const search = useRef<HTMLInputElement>(null);
  const groups = useMemo(() => {
    const filter = parseFilter(route.filter);
    const found = new Map<number, Listed[]>();
    index.cases.forEach((each, at) => {
      if (!fits(filter, index, each)) return;
      const group = found.get(each.file);
      if (group) group.push({ each, at });
      else found.set(each.file, [{ each, at }]);
    });
    return [...found];
  }, [index, route.filter]);
  const count = groups.reduce((sum, [, cases]) => sum + cases.length, 0);
  useKeys(
    search,
    groups.flatMap(([, cases]) => cases.map(({ at }) => at)),
    route,
    go,
  );
  return (
    <section class="list" aria-label="Cases">
      <div class="search">
        <input
          ref={search}
          type="search"
          placeholder="filter: failed, wire:failed, P8, a word"
          aria-label="Filter cases"
          value={route.filter}
          onInput={(event) => go({ filter: event.currentTarget.value })}
        />
        <span class="dim" role="status">
          {count.toLocaleString("en")} case{count === 1 ? "" : "s"}
        </span>
      </div>
      <p class="keys dim" aria-hidden="true">
        <kbd>/</kbd> filter <kbd>j</kbd> <kbd>k</kbd> next, previous <kbd>b</kbd> backend <kbd>Esc</kbd> close
      </p>
      {groups.map(([file, cases]) => (
        <Group key={file} index={index} file={file} cases={cases} closed={count > manyCases} route={route} go={go} />
      ))}
    </section>
  );
}

function Group(props: {
  index: PageIndex;
  file: number;
  cases: readonly Listed[];
  closed: boolean;
  route: Route;
  go: Go;
}) {
  const { index, file, cases, closed, route, go } = props;
  const [toggled, setToggled] = useState<boolean>();
  const [limit, setLimit] = useState(mostListed);
  const hasTrouble = cases.some(({ each }) => each.trouble !== undefined);
  const isOpen = toggled ?? (!closed || hasTrouble || cases.some(({ at }) => at === route.open));
  const { path, scenario } = index.files[file]!;
  const id = `group-${file}`;
  return (
    <div class="group">
      <h3>
        <button aria-expanded={isOpen} aria-controls={id} onClick={() => setToggled(!isOpen)}>
          <span class={`dot ${worst(cases.flatMap(({ each }) => each.outcomes))}`} />
          <span class="path">{path}</span>
          <span class="dim count">{cases.length}</span>
        </button>
      </h3>
      {isOpen && (
        <ul id={id} aria-label={scenario}>
          {cases.slice(0, limit).map(({ each, at }) => (
            <li key={at}>
              <button
                id={`case-${at}`}
                class={`row ${worst(each.outcomes)}`}
                aria-current={route.open === at ? "true" : undefined}
                onClick={() => go({ open: at })}
              >
                <Marks index={index} each={each} />
                <span class="name">{each.name}</span>
              </button>
            </li>
          ))}
          {cases.length > limit && (
            <li>
              <button class="more" onClick={() => setLimit(limit + mostListed)}>
                {cases.length - limit} more
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

/** What every list of this kind does: `/` to the filter, j and k along the cases, Escape back. */
function useKeys(search: { current: HTMLInputElement | null }, listed: readonly number[], route: Route, go: Go): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "range";
      if (event.key === "Escape") {
        if (typing) (event.target as HTMLElement).blur();
        else go({ open: undefined });
        return;
      }
      if (typing) return;
      if (event.key === "/") {
        event.preventDefault();
        search.current?.focus();
        search.current?.select();
      }
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined || listed.length === 0) return;
      const place = route.open === undefined ? -1 : listed.indexOf(route.open);
      const next = listed[place < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, place + step))]!;
      go({ open: next });
      requestAnimationFrame(() => document.getElementById(`case-${next}`)?.scrollIntoView({ block: "nearest" }));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
