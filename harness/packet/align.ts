/**
 * For every layer of the actual packet the index of the layer of the sent (or expected) packet that it
 * corresponds to, or undefined where it is new (encapsulation). Longest common subsequence of protocol names; where
 * several are as long, the one that pairs from the tail: tunnels add and remove headers in front.
 */
export function alignLayers(sent: readonly string[], actual: readonly string[]): (number | undefined)[] {
  // lengths[i][j]: longest common subsequence of the first i sent and the first j actual names.
  const lengths = Array.from({ length: sent.length + 1 }, () => new Array<number>(actual.length + 1).fill(0));
  for (let i = 1; i <= sent.length; i++) {
    for (let j = 1; j <= actual.length; j++) {
      lengths[i]![j] =
        sent[i - 1] === actual[j - 1]
          ? lengths[i - 1]![j - 1]! + 1
          : Math.max(lengths[i - 1]![j]!, lengths[i]![j - 1]!);
    }
  }
  const origin: (number | undefined)[] = actual.map(() => undefined);
  for (let i = sent.length, j = actual.length; i > 0 && j > 0;) {
    if (sent[i - 1] === actual[j - 1]) origin[--j] = --i;
    else if (lengths[i - 1]![j]! > lengths[i]![j - 1]!) i--;
    else j--;
  }
  return origin;
}
