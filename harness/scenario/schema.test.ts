import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { parse } from "yaml";
import { exampleScenario } from "./example.js";
import type { JsonSchema } from "./json-schema.js";
import { scenarioSchema } from "./schema.js";

const root = repositoryRoot();
const schema = scenarioSchema();

function repositoryRoot(): URL {
  let folder = new URL(".", import.meta.url);
  while (!readdirSync(folder).includes("package.json")) folder = new URL("..", folder);
  return folder;
}

/** A validator for the keywords that our schema uses. */
function accepts(schemaHere: JsonSchema, value: unknown): boolean {
  const { $ref, anyOf, type, enum: words, const: constant, pattern, minimum, maximum } = schemaHere;
  if ($ref) return accepts(schema.definitions[$ref.replace("#/definitions/", "")]!, value);
  if (anyOf && !anyOf.some((one) => accepts(one, value))) return false;
  if (type && ![type].flat().some((one) => isType(one, value))) return false;
  if (words && !words.includes(value as string)) return false;
  if (constant !== undefined && value !== constant) return false;
  if (typeof value === "string" && pattern && !new RegExp(pattern).test(value)) return false;
  if (typeof value === "number" && (value < (minimum ?? -Infinity) || value > (maximum ?? Infinity))) return false;
  if (Array.isArray(value)) return value.every((item) => accepts(schemaHere.items ?? {}, item));
  if (typeof value !== "object" || value === null) return true;
  const { properties = {}, patternProperties = {}, additionalProperties = true, required = [] } = schemaHere;
  const byPattern = (key: string) =>
    Object.entries(patternProperties).find(([each]) => new RegExp(each).test(key))?.[1];
  const keys = Object.keys(value);
  if (required.some((key) => !keys.includes(key))) return false;
  return keys.every((key) => {
    const member = properties[key] ?? byPattern(key) ?? additionalProperties;
    return typeof member === "boolean" ? member : accepts(member, (value as Record<string, unknown>)[key]);
  });
}

function isType(name: string, value: unknown): boolean {
  if (name === "integer") return Number.isInteger(value);
  if (name === "array") return Array.isArray(value);
  if (name === "null") return value === null;
  return typeof value === name && value !== null && !Array.isArray(value);
}

/** All keys in the schema that a person may write, with what an editor says of them. */
function* propertiesOf(part: JsonSchema, path: string): Generator<[path: string, schema: JsonSchema]> {
  for (const [key, value] of Object.entries(part.properties ?? {})) {
    yield [`${path}.${key}`, value];
    yield* propertiesOf(value, `${path}.${key}`);
  }
  for (const one of [...(part.anyOf ?? []), ...(part.items ? [part.items] : [])]) yield* propertiesOf(one, path);
  if (typeof part.additionalProperties === "object") yield* propertiesOf(part.additionalProperties, `${path}.*`);
}

describe("the scenario language's JSON Schema", () => {
  it("is committed as it is (UPDATE_GOLDEN=1 writes it, prettier gives it its form)", () => {
    const file = new URL("harness/scenario/schema.json", root);
    const current = JSON.stringify(schema);
    if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, current);
    const committed: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(committed).to.deep.equal(JSON.parse(current));
  });

  it("describes every key", () => {
    const parts = [["scenario", schema] as const, ...Object.entries(schema.definitions)];
    const all = parts.flatMap(([name, part]) => [...propertiesOf(part, name)]);
    expect(all.length).to.be.greaterThan(300);
    expect(all.filter(([, { description }]) => !description).map(([path]) => path)).to.deep.equal([]);
  });

  it("accepts a scenario that uses every part of the language", () => {
    expect(accepts(schema, parse(exampleScenario))).to.equal(true);
  });

  it("accepts every scenario of this repository", () => {
    const files = readdirSync(new URL("scenarios", root), { recursive: true, encoding: "utf8" });
    const scenarios = files.filter((file) => file.endsWith(".yml"));
    const refused = scenarios.filter((file) => {
      return !accepts(schema, parse(readFileSync(new URL(`scenarios/${file}`, root), "utf8"), { merge: true }));
    });
    expect(refused).to.deep.equal([]);
  });

  for (const [name, text] of Object.entries({
    "an unknown key": exampleScenario.replace("entry:", "entri:"),
    "an unknown verdict": exampleScenario.replace("verdict: XDP_TX", "verdict: XDP_TXX"),
    "an unknown field": exampleScenario.replace("ttl: 64", "tll: 64"),
    "a hook that is not": exampleScenario.replace("hook: xdp", "hook: xpd"),
    "a number out of range": exampleScenario.replace("mtu: 9000", "mtu: 1"),
  })) {
    it(`refuses ${name}`, () => {
      expect(accepts(schema, parse(text))).to.equal(false);
    });
  }
});
