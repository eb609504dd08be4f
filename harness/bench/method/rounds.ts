/** One of the things that are measured in turns. */
export interface Turn {
  readonly id: string;
  /** One value, in the group's unit. */
  measure(): Promise<number> | number;
}

export interface RoundOptions {
  readonly rounds: number;
  readonly warmUpRounds: number;
  /** Called before every round that counts. */
  readonly beforeRound?: () => void;
}

/**
 * Values of all turns by id, one a round. The order is A B … then … B A (ABBA): a machine that slowly warms up or slows down
 * does so for everyone alike. Values of the warm-up are thrown away.
 */
export async function measureRounds(
  turns: readonly Turn[],
  { rounds, warmUpRounds, beforeRound }: RoundOptions,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const values = new Map(turns.map(({ id }) => [id, [] as number[]]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    if (round >= 0) beforeRound?.();
    for (const turn of isForward(round) ? turns : turns.toReversed()) {
      const value = await turn.measure();
      if (round >= 0) values.get(turn.id)!.push(value);
    }
  }
  return values;
}

/** Forward, backward, backward, forward: with turns A and B the sequence is AB BA BA AB. */
function isForward(round: number): boolean {
  const place = ((round % 4) + 4) % 4;
  return place === 0 || place === 3;
}
