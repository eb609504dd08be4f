/** What wrk says at its end. */
export interface WrkReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const unitsUs: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000 };

/** Undefined where there were no answers, or others than wanted ones. */
export function readWrk(text: string): WrkReport | undefined {
  const requests = Number(/^\s*(\d+) requests in /m.exec(text)?.[1] ?? 0);
  const requestsPerSecond = Number(/^Requests\/sec:\s*([\d.]+)/m.exec(text)?.[1] ?? 0);
  const p50Us = percentile(text, 50);
  const p99Us = percentile(text, 99);
  const isWrong = /^\s*(Socket errors|Non-2xx)/m.test(text);
  if (requests === 0 || isWrong || p50Us === undefined || p99Us === undefined) return undefined;
  return { requests, requestsPerSecond, p50Us, p99Us };
}

/** A line like `     50%  123.00us`. */
function percentile(text: string, which: number): number | undefined {
  const [, amount, unit] = new RegExp(String.raw`^\s*${which}%\s+([\d.]+)(us|ms|s|m)$`, "m").exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * unitsUs[unit!]!;
}
