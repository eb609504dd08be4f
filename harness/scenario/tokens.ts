import type { CST } from "yaml";

/** A bracket, brace or quote without its counterpart. */
export interface Unclosed {
  readonly opener: "[" | "{" | '"' | "'";
  readonly offset: number;
}

/** What the token tree shows before it is composed: how deep it goes, and what is left open. */
export interface TokenFindings {
  readonly depth: number;
  /** In the order of the text. */
  readonly unclosed: readonly Unclosed[];
}

/**
 * Looks through the token tree level by level. Composing it takes recursion, and near the end of
 * the stack Node may abort the whole process, so what is nested too deeply has to be found without.
 */
export function inspectTokens(tokens: readonly CST.Token[]): TokenFindings {
  const unclosed: Unclosed[] = [];
  let depth = 0;
  let level = tokens;
  for (; level.length > 0; depth++) {
    for (const token of level) {
      const open = unclosedBy(token);
      if (open) unclosed.push(open);
    }
    level = level.flatMap(childrenOf);
  }
  return { depth, unclosed: unclosed.sort((a, b) => a.offset - b.offset) };
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value ? [token.value] : [];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ value, ...item }) => [
    ...("key" in item && item.key ? [item.key] : []),
    ...(value ? [value] : []),
  ]);
}

function unclosedBy(token: CST.Token): Unclosed | undefined {
  if (token.type === "flow-collection") {
    const isList = token.start.type === "flow-seq-start";
    const opener = isList ? "[" : "{";
    const closed = token.end.some(({ type }) => type === (isList ? "flow-seq-end" : "flow-map-end"));
    return closed ? undefined : { opener, offset: token.start.offset };
  }
  if (token.type !== "double-quoted-scalar" && token.type !== "single-quoted-scalar") return undefined;
  const opener = token.type === "double-quoted-scalar" ? '"' : "'";
  const closed = token.source.length > 1 && token.source.endsWith(opener);
  return closed ? undefined : { opener, offset: token.offset };
}
