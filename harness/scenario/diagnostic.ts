import type { Diagnostic } from "../model/error.js";
import { formatSpan, type Span } from "../model/span.js";

const maxWidth = 100;

/**
 * A diagnostic as people read it: `file:line:column: message`, the source line with carets under
 * the value that is meant, and a hint. Without the file's text, no source line.
 */
export function formatDiagnostic(diagnostic: Diagnostic, text?: string): string {
  const { span, message, hint } = diagnostic;
  const lines = [span ? `${formatSpan(span)}: ${message}` : message];
  if (span && text) lines.push(...sourceLines(span, text));
  if (hint) lines.push(`  hint: ${hint}`);
  return lines.join("\n");
}

function sourceLines(span: Span, text: string): string[] {
  const line = text.split("\n", span.start.line)[span.start.line - 1]?.replace(/\r$/, "") ?? "";
  const from = span.start.column - 1;
  const to = span.end.line === span.start.line ? span.end.column - 1 : line.length;
  const shown = cut(line, from);
  const carets = "^".repeat(Math.max(1, Math.min(to, shown.end) - from));
  // Tabs stay tabs, so that the caret stands below its character however wide they are shown.
  const indent = shown.text.slice(0, shown.before + from - shown.start).replace(/[^\t]/g, " ");
  const number = String(span.start.line);
  const gutter = " ".repeat(number.length);
  return [`  ${number} | ${shown.text}`, `  ${gutter} | ${indent}${carets}`];
}

/** The part of a long line around column index `at`, with `…` where something is left out. */
function cut(line: string, at: number): { text: string; start: number; end: number; before: number } {
  if (line.length <= maxWidth) return { text: line, start: 0, end: line.length, before: 0 };
  const start = Math.max(0, Math.min(at - maxWidth / 2, line.length - maxWidth));
  const end = start + maxWidth;
  const head = start > 0 ? "…" : "";
  const tail = end < line.length ? "…" : "";
  return { text: head + line.slice(start, end) + tail, start, end, before: head.length };
}
