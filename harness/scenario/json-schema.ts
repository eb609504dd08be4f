/** The part of JSON Schema (draft-07, which editors' YAML servers know best) that decoders describe themselves with. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly const?: string | number | boolean;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}

/** Collects the definitions that schemas refer to by name, each described once. */
export class Definitions {
  readonly #schemas = new Map<string, JsonSchema>();

  /** A reference to `name`; `describe` runs at the name's first use, and may refer to it again. */
  refer(name: string, describe: () => JsonSchema): JsonSchema {
    if (!this.#schemas.has(name)) {
      this.#schemas.set(name, {});
      this.#schemas.set(name, describe());
    }
    return { $ref: `#/definitions/${name}` };
  }

  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
