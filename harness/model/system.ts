/** One of the systems of the eBPF networking literature that a folder of scenarios covers: a row of its `systems.json`. */
export interface System {
  /** Row of the feature list, `P8`. */
  readonly id: string;
  readonly system: string;
  /** Source below `bpf/`. */
  readonly program: string;
  /** Scenario files: in `systems.json` relative to its folder, in events as results name them. */
  readonly scenarios: readonly string[];
}
