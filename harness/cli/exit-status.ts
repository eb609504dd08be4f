/** What the process says to scripts (others rely on these numbers). */
export const exitStatus = {
  passed: 0,
  failed: 1,
  /** Usage, scenario, object or capture. */
  badInput: 2,
  /** A backend was asked for by name and cannot run here. */
  backendUnavailable: 3,
} as const;
