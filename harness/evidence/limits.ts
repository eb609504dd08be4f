/** How much of a case a report keeps: what a person looks at, so that thousands of cases stay one file of a few MB. */

const mostPackets = 64;
const mostPacketBytes = 64 * 1024;

/** Map entries, events, printk lines of a step; further ones are counted. */
export const mostEntries = 64;

/** Characters of a log or of a command's output: its end, where it says what went wrong. */
export const mostText = 4096;

/** How many of a step's packets are kept, from the first on; at least one. */
export function firstPackets(sizes: readonly number[]): number {
  let bytes = 0;
  const beyond = sizes.findIndex((size, index) => {
    bytes += size;
    return index > 0 && (index >= mostPackets || bytes > mostPacketBytes);
  });
  return beyond < 0 ? sizes.length : beyond;
}

export function endOf(text: string): string {
  return text.length > mostText ? `…${text.slice(-mostText)}` : text;
}
