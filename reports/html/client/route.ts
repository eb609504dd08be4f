import { useEffect, useState } from "preact/hooks";

export const views = ["overview", "cases", "coverage", "measurements"] as const;
export type View = (typeof views)[number];

/** Where in the report one is: the address's fragment, so that a link to a case can be passed on. */
export interface Route {
  readonly view: View;
  readonly filter: string;
  /** Index of the open case. */
  readonly open: number | undefined;
  readonly backend: string | undefined;
  /** C file whose coverage is open. */
  readonly file: string | undefined;
  /** Index of the measurement that is open. */
  readonly measurement: number;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const parameters = new URLSearchParams(query);
  const open = parameters.get("case");
  return {
    view: views.find((view) => view === path) ?? "overview",
    filter: parameters.get("filter") ?? "",
    open: open !== null && /^\d+$/.test(open) ? Number(open) : undefined,
    backend: parameters.get("backend") ?? undefined,
    file: parameters.get("file") ?? undefined,
    measurement: Number(parameters.get("measurement") ?? 0),
  };
}

export function formatRoute({ view, filter, open, backend, file, measurement }: Route): string {
  const parameters = new URLSearchParams();
  if (filter !== "") parameters.set("filter", filter);
  if (open !== undefined) parameters.set("case", String(open));
  if (backend !== undefined) parameters.set("backend", backend);
  if (file !== undefined) parameters.set("file", file);
  if (measurement > 0) parameters.set("measurement", String(measurement));
  const query = parameters.toString();
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}

export type Go = (change: Partial<Route>) => void;

/** The route, and how to change it. What is opened goes into the history, what is typed does not. */
export function useRoute(): [Route, Go] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const go: Go = (change) => {
    const next = { ...parseRoute(location.hash), ...change };
    const hash = formatRoute(next);
    if (hash === location.hash) return;
    if (change.filter !== undefined && change.view === undefined) history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
    setRoute(next);
  };
  return [route, go];
}
