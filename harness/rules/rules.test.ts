import { expect } from "chai";
import { formatDiagnostic } from "../scenario/diagnostic.js";
import { holds, outputLine, trippedBy } from "./evaluate.js";
import { parseRules } from "./parse.js";
import type { RuleEvent } from "../model/rules.js";

const rule = (condition: string): string =>
  `- rule: r\n  condition: ${condition}\n  output: "%proc.name did it"\n  priority: INFO\n`;

function conditionOf(text: string, before = "") {
  const { rules, diagnostics } = parseRules(`${before}${rule(text)}`, "x.rules.yaml");
  expect(diagnostics).to.deep.equal([]);
  return rules!.rules[0]!.condition;
}

const event: RuleEvent = { "evt.type": "execve", "proc.name": "bash", "user.uid": "1000", "fd.name": "/usr/bin/x" };

describe("a rule's condition", () => {
  const cases: readonly [string, boolean][] = [
    ["proc.name = bash", true],
    ["proc.name != bash", false],
    ["proc.name in (sh, bash)", true],
    ["not proc.name in (sh, bash)", false],
    ["proc.name = 'bash' and user.uid > 999", true],
    // As numbers, not as texts.
    ["user.uid < 999", false],
    ["proc.name contains as and proc.name startswith ba and proc.name endswith sh", true],
    ["proc.name icontains AS", true],
    ["proc.name glob b*h", true],
    ["proc.name glob b?h", false],
    ["fd.name pmatch (/usr/bin)", true],
    ["fd.name pmatch (/usr/bi, /bin)", false],
    // `and` binds closer than `or`.
    ["proc.name = bash or proc.name = sh and user.uid = 0", true],
    ["(proc.name = bash or proc.name = sh) and user.uid = 0", false],
    ["not (proc.name = sh or user.uid = 0)", true],
    // What the event does not say is equal to nothing, and not unequal either.
    ["proc.pname = bash", false],
    ["proc.pname != bash", false],
    ["proc.pname exists", false],
  ];
  for (const [text, expected] of cases)
    it(text, () => {
      expect(holds(conditionOf(JSON.stringify(text)), event)).to.equal(expected);
    });

  it("has macros and lists put in, lists into lists, too", () => {
    const before =
      "- list: a\n  items: [sh]\n- list: b\n  items: [a, bash]\n- macro: m\n  condition: proc.name in (b)\n";
    expect(holds(conditionOf("m and not user.uid = 0", before), event)).to.equal(true);
  });

  it("fills its output in, and says where there is nothing to say", () => {
    const source = rule("proc.name = bash").replace("did it", "did %fd.name, %proc.pname.");
    const { rules } = parseRules(source, "x.rules.yaml");
    const [tripped] = trippedBy([rules!], event);
    expect(outputLine(tripped!, event)).to.equal("bash did /usr/bin/x, <NA>.");
  });
});

describe("a mistake in a rule file", () => {
  const mistakes: readonly [string, string, string][] = [
    ["an unknown macro", rule("spawned and proc.name = sh"), "2:14: there is no macro 'spawned'"],
    ["a field that is not supported", rule("proc.nam = sh"), "2:14: field 'proc.nam' is not supported"],
    ["an operator that is not supported", rule("proc.name regex sh"), "2:24: operator 'regex' is not supported"],
    ["a bracket that is not closed", rule("(proc.name = sh"), "2:29: expected ')', found the end"],
    [
      "a folded condition, on its own line",
      rule(">\n    proc.name = sh\n    and proc.nme = x"),
      "4:9: field 'proc.nme'",
    ],
    ["an exception", `${rule("proc.name = sh")}  exceptions: []\n`, "5:3: unknown key 'exceptions' in a rule"],
    ["a field in the output", rule("proc.name = sh").replace("%proc.name", "%proc.nme"), "3:11: the output names"],
    ["a priority", rule("proc.name = sh").replace("INFO", "HIGH"), "4:13: 'HIGH' is not a priority"],
  ];
  for (const [what, source, expected] of mistakes)
    it(`${what} is told with its place`, () => {
      const { diagnostics } = parseRules(source, "x.rules.yaml");
      const told = diagnostics.map((each) => formatDiagnostic(each, source)).join("\n");
      expect(told).to.contain(`x.rules.yaml:${expected}`);
    });
});
