import type { CaseResult } from "../harness/model/outcome.js";
import type { RunRecord } from "./record.js";
import { failureBlock, noColour } from "./terminal.js";
import { countOutcomes } from "./totals.js";

/**
 * JUnit's XML as CI systems read it: a test suite for each scenario file and backend, a test case for each case.
 * There is no standard; this is the common part of what Jenkins, GitLab and Gradle take.
 */
export function renderJunit({ start, results, durationMs }: RunRecord): string {
  const suites = new Map<string, CaseResult[]>();
  for (const result of results) {
    const name = `${result.file} [${result.backend}]`;
    const suite = suites.get(name);
    if (suite) suite.push(result);
    else suites.set(name, [result]);
  }
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="packetproof"${countAttributes(results)} time="${seconds(durationMs)}">`,
    ...[...suites].flatMap(([name, suite]) => suiteLines(name, suite, start.startedAt, start.seed)),
    `</testsuites>`,
    ``,
  ].join("\n");
}

function suiteLines(name: string, results: readonly CaseResult[], startedAt: string, seed: number): string[] {
  const time = seconds(results.reduce((sum, { durationMs }) => sum + durationMs, 0));
  const timestamp = startedAt.replace(/(\.\d+)?Z$/, "");
  return [
    `  <testsuite name="${escapeAttribute(name)}"${countAttributes(results)} time="${time}" timestamp="${escapeAttribute(timestamp)}">`,
    `    <properties><property name="seed" value="${seed}"/></properties>`,
    ...results.flatMap(caseLines),
    `  </testsuite>`,
  ];
}

function caseLines(result: CaseResult): string[] {
  const place = `file="${escapeAttribute(result.file)}" line="${result.span.start.line}"`;
  const head = `    <testcase name="${escapeAttribute(result.case)}" classname="${escapeAttribute(result.scenario)}" ${place} time="${seconds(result.durationMs)}"`;
  const inside = insideCase(result);
  return inside === undefined ? [`${head}/>`] : [`${head}>`, `      ${inside}`, `    </testcase>`];
}

function insideCase(result: CaseResult): string | undefined {
  const text = escapeXml(failureBlock(result, noColour));
  switch (result.outcome) {
    case "failed": {
      const { what, expected, actual } = result.mismatches[0]!;
      const message = escapeAttribute(`${what}: expected ${expected}, actual ${actual}`);
      return `<failure type="mismatch" message="${message}">${text}</failure>`;
    }
    case "error": {
      const { code, message } = result.error!;
      return `<error type="${escapeAttribute(code)}" message="${escapeAttribute(message)}">${text}</error>`;
    }
    case "skipped":
      return `<skipped message="${escapeAttribute(result.missing.join("; "))}"/>`;
    case "passed":
      return undefined;
  }
}

function countAttributes(results: readonly CaseResult[]): string {
  const { failed, error, skipped } = countOutcomes(results);
  return ` tests="${results.length}" failures="${failed}" errors="${error}" skipped="${skipped}"`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Text of an element or attribute; characters that XML 1.0 does not have (section 2.2) become U+FFFD. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"]/g, (character) => entities[character]!);
}

/** Without this, line breaks in an attribute are read as spaces (section 3.3.3). */
function escapeAttribute(text: string): string {
  return escapeXml(text).replace(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
