import type { LayerPattern, PacketExpectation } from "../model/scenario.js";
import { type Decoder, byKind, refined } from "./decoder.js";
import { layerPatterns, layerSequence } from "./layers.js";

type PacketLayers = Pick<PacketExpectation, "form" | "layers" | "span">;

const written: Decoder<PacketLayers> = byKind("a mapping of protocols, or a list of layers", {
  map: layersAs("changes", layerPatterns),
  list: layersAs("sequence", layerSequence),
});

/** What is said of a packet: fields by protocol, or its layers one after the other. */
export const packetLayers: Decoder<PacketLayers> = {
  ...written,
  // A matrix may give all that is said.
  schema: (definitions) => ({ anyOf: [written.schema(definitions), { type: "string", pattern: "^\\$" }] }),
};

function layersAs(form: PacketLayers["form"], decoder: Decoder<readonly LayerPattern[]>): Decoder<PacketLayers> {
  return refined(decoder, (layers, { span }) => ({ form, layers, span }));
}
