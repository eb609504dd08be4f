import fc from "fast-check";
import type { MapSpec } from "../model/object.js";
import type { MapPatch } from "../model/plan.js";
import type { Span } from "../model/span.js";
import type { Chance } from "./chance.js";
import type { Constants } from "./constants.js";
import { drawPatch } from "./draw-patch.js";
import type { Input } from "./input.js";
import { simplerRecipes, type PacketSource } from "./packet-source.js";
import { packetOf, type Recipe } from "./recipe.js";

/** An input as the decisions that it is made of. */
export type Draft = readonly DraftCommand[];

type DraftCommand =
  | { readonly kind: "packet"; readonly recipe: Recipe }
  | { readonly kind: "update"; readonly patches: readonly MapPatch[] }
  | { readonly kind: "clock"; readonly durationNs: bigint };

/** What inputs are drawn from. */
export interface InputSource {
  readonly packets: PacketSource;
  readonly packetCount: readonly [min: number, max: number];
  /** Maps that are changed between packets, and what they hold at first. */
  readonly update: readonly MapSpec[];
  readonly setUp: readonly MapPatch[];
  readonly clockNs: bigint;
  readonly constants: Constants;
  readonly span: Span;
}

export function inputOf(draft: Draft): Input {
  return draft.map((command) =>
    command.kind === "packet" ? { kind: "packet", packet: packetOf(command.recipe) } : command,
  );
}

/** Inputs for fast-check: drawn as a whole, and shrunk to the fewest packets of the fewest layers and edits. */
export class DraftArbitrary extends fc.Arbitrary<Draft> {
  readonly #source: InputSource;

  constructor(source: InputSource) {
    super();
    this.#source = source;
  }

  override generate(random: fc.Random): fc.Value<Draft> {
    const chance: Chance = { below: (limit) => random.nextInt(0, limit - 1) };
    return new fc.Value(drawDraft(chance, this.#source), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Draft {
    return Array.isArray(value);
  }

  override shrink(draft: Draft): fc.Stream<fc.Value<Draft>> {
    const simpler = fc.stream(simplerDrafts(draft, this.#source));
    return simpler.map((value) => new fc.Value(value, undefined));
  }
}

export function drawDraft(chance: Chance, source: InputSource): Draft {
  const { packets, packetCount, update, clockNs } = source;
  const [min, max] = packetCount;
  const draft: DraftCommand[] = [];
  const count = min + chance.below(max - min + 1);
  for (let sent = 0; sent < count; sent++) {
    if (sent > 0 && update.length > 0 && chance.below(2) === 0)
      draft.push({ kind: "update", patches: [drawPatch(chance, source)] });
    if (sent > 0 && clockNs > 0n && chance.below(2) === 0)
      draft.push({ kind: "clock", durationNs: (clockNs * BigInt(1 + chance.below(8))) / 8n });
    // Programs that remember want to see the same flow again.
    const again = draft.findLast((command) => command.kind === "packet");
    draft.push(again && chance.below(2) === 0 ? again : { kind: "packet", recipe: packets.draw(chance) });
  }
  return draft;
}

function* simplerDrafts(draft: Draft, { packets, packetCount: [min] }: InputSource): Generator<Draft> {
  const sent = draft.filter(({ kind }) => kind === "packet").length;
  for (const gone of draft.keys())
    if (draft[gone]!.kind !== "packet" || sent > min) yield draft.filter((_, index) => index !== gone);
  for (const [index, command] of draft.entries())
    if (command.kind === "packet")
      for (const recipe of simplerRecipes(command.recipe, packets)) yield draft.with(index, { kind: "packet", recipe });
}
