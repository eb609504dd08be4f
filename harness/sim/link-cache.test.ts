import { expect } from "chai";
import { fixtureObject } from "../kernel/plan-builder.test.js";
import { Code } from "./code.js";
import { LinkCache } from "./link-cache.js";

const object = fixtureObject("xdp_icmp_log");

const exit = [{ slot: 0, instruction: { kind: "exit" as const } }];

describe("programs linked once for many machines", () => {
  it("are the same for the same layout, and others for another", () => {
    const links = new LinkCache();
    const code = (name: string, layout: string) => links.code(object, name, layout, () => new Code(name, exit));
    const first = code("p", "65536,65552");
    expect(code("p", "65536,65552")).to.equal(first);
    expect(code("p", "65536,65568")).not.to.equal(first);
    expect(code("q", "65536,65552")).not.to.equal(first);
    expect(code("p", "65536,65552")).to.equal(first);
  });

  it("are not mixed up between objects", () => {
    const links = new LinkCache();
    expect(links.file(object)).to.equal(links.file(object));
    expect(links.file({ ...object })).not.to.equal(links.file(object));
  });
});
