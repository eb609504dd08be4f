/** A word, an operator or bracket (`sign`), or a text in quotes, with its place in the condition. */
export interface Token {
  readonly kind: "word" | "sign" | "quoted" | "end";
  readonly text: string;
  /** The text without its quotes. */
  readonly value: string;
  readonly offset: number;
}

const pattern = /(?<quoted>"[^"]*"|'[^']*')|(?<sign>!=|<=|>=|[=<>(),])|(?<word>[^\s=<>(),"']+)/g;

/** A condition's tokens; the last is `end`. */
export function tokensOf(text: string): readonly Token[] {
  const tokens = [...text.matchAll(pattern)].map(({ 0: found, groups, index }): Token => {
    const kind = groups!["quoted"] !== undefined ? "quoted" : groups!["sign"] !== undefined ? "sign" : "word";
    return { kind, text: found, value: kind === "quoted" ? found.slice(1, -1) : found, offset: index };
  });
  return [...tokens, { kind: "end", text: "", value: "", offset: text.trimEnd().length }];
}
