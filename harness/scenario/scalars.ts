import { nearest } from "../model/nearest.js";
import { type Decoder, invalid, mistyped, refined } from "./decoder.js";

/** A text. Numbers and words like `true` are taken as they are written. */
export function text(expected = "a text"): Decoder<string> {
  return {
    decode(node, report) {
      if (node.kind !== "scalar" || node.value === null) return mistyped(node, expected, report);
      return node.source;
    },
    schema: () => ({ type: ["string", "number", "boolean"] }),
  };
}

/** A text that says something: a name, a reason. */
export function word(expected: string): Decoder<string> {
  return refined(text(expected), (value, node, report) =>
    value.trim() === "" ? report(node.span, `expected ${expected}, found an empty text`) : value,
  );
}

/** A whole number from `min` to `max`, both included. */
export function integer(min: number, max: number, what = "a whole number"): Decoder<number> {
  return {
    decode(node, report) {
      if (node.kind !== "scalar" || (typeof node.value !== "number" && typeof node.value !== "bigint")) {
        const digits = node.kind === "scalar" && /^[0-9][0-9_,]*$/.test(node.source);
        return mistyped(node, what, report, digits ? "write the digits alone, without '_', ',' or quotes" : undefined);
      }
      if (typeof node.value === "number" && !Number.isInteger(node.value)) return mistyped(node, what, report);
      if (node.value < min || node.value > max) {
        return report(node.span, `expected ${what} from ${min} to ${max}, found ${node.source}`);
      }
      return Number(node.value);
    },
    schema: () => ({ type: "integer", minimum: min, maximum: max }),
  };
}

const otherBooleans = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

export const boolean: Decoder<boolean> = {
  decode(node, report) {
    if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
    const meant = node.kind === "scalar" ? otherBooleans.get(node.source.toLowerCase()) : undefined;
    return mistyped(node, "true or false", report, meant === undefined ? undefined : `write ${meant}`);
  },
  schema: () => ({ type: "boolean" }),
};

/** One of the given words; the record says what each of them means. */
export function oneOf<W extends string>(what: string, words: Readonly<Record<W, string>>): Decoder<W> {
  const known = Object.keys(words) as W[];
  return {
    decode(node, report) {
      const found = known.find((candidate) => node.kind === "scalar" && node.source === candidate);
      if (found !== undefined) return found;
      if (node.kind !== "scalar" || node.value === null)
        return mistyped(node, what, report, `one of: ${known.join(", ")}`);
      const near = nearest(node.source, known);
      const hint = near ? `did you mean '${near}'?` : `one of: ${known.join(", ")}`;
      return report(node.span, `'${node.source}' is not ${what}`, hint);
    },
    schema: () => ({
      enum: known,
      description: known.map((candidate) => `${candidate}: ${words[candidate]}`).join("\n"),
    }),
  };
}

const unitsMs = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** A time limit with its unit (`500ms`, `2s`, `1.5m`), in milliseconds; at most an hour. */
export const durationMs = duration(3_600_000, "60m");

/** How long a simulated clock can go at once, in milliseconds: flows and leases expire after days at most. */
export const longTime = duration(10_000 * 3_600_000, "10000h");

function duration(mostMs: number, most: string): Decoder<number> {
  return {
    decode(node, report) {
      const hint = "write a number and its unit: 500ms, 2s, 1m";
      if (node.kind !== "scalar" || node.value === null) return mistyped(node, "a length of time", report, hint);
      const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/.exec(node.source) ?? [];
      const factor = unitsMs.get(unit ?? "");
      if (amount === undefined || factor === undefined) {
        if (typeof node.value === "number") return report(node.span, `${node.source} has no unit of time`, hint);
        return mistyped(node, "a length of time", report, hint);
      }
      const ms = Number(amount) * factor;
      return ms > 0 && ms <= mostMs
        ? ms
        : report(node.span, `expected a time above 0 and up to ${most}, found ${node.source}`);
    },
    schema: () => ({ type: "string", pattern: "^\\d+(\\.\\d+)? ?(us|ms|s|m|h)$|\\$", examples: ["500ms", "2s", "1m"] }),
  };
}

/** A regular expression as JavaScript knows it, without slashes around it. */
export const regex: Decoder<RegExp> = refined(text("a regular expression"), (source, node, report) => {
  try {
    return new RegExp(source);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^Invalid regular expression: (\/.*\/\w*: )?/s, "") : "";
    report(
      node.span,
      `not a regular expression: ${reason}`,
      "put a backslash before ( ) [ ] * + ? . that stand for themselves",
    );
    return invalid;
  }
});
