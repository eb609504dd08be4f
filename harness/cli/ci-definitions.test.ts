import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { parseAllDocuments } from "yaml";
import type { Report } from "../model/event.js";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

/** What a CI definition runs: for each of its machines a script, then the one that joins their parts. */
interface Definition {
  readonly shards: readonly { readonly script: string; readonly env: Readonly<Record<string, string>> }[];
  readonly report: { readonly script: string; readonly env: Readonly<Record<string, string>> };
  /** The joined report, relative to the project. */
  readonly html: string;
}

type Yaml = Readonly<Record<string, any>>;

/** The files' own commands run here, in a project of two scenarios, with every machine's variables. */
describe("the CI definitions", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-ci-"));
    // What the definitions find on their machines, besides the shell.
    const tools = {
      npx: `[ "$1" = packetproof ] || exit 99; shift; exec "${process.execPath}" "${main}" "$@"`,
      npm: `[ "$1" = ci ]`,
      "apt-get": `[ "$1" = update ] || [ "$1" = install ]`,
      sudo: `[ "$1" = -E ] && shift; exec "$@"`,
    };
    await mkdir(join(folder, "bin"));
    for (const [name, script] of Object.entries(tools)) {
      await writeFile(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, "bin", name), 0o755);
    }
  });
  after(() => rm(folder, { recursive: true }));

  const definitions: Readonly<Record<string, (documents: readonly Yaml[]) => Definition>> = {
    "github-actions.yml": githubActions,
    "gitlab-ci.yml": gitlab,
    "kubernetes-job.yml": kubernetes,
  };
  for (const [name, read] of Object.entries(definitions)) {
    it(`of ${name} run all cases once, and join them to the run that one machine would make`, async function () {
      this.timeout(60_000);
      const documents = parseAllDocuments(await readFile(join(projectRoot, "ci", name), "utf8"), { strict: true });
      for (const { errors, warnings } of documents) expect([...errors, ...warnings]).to.deep.equal([]);
      const { shards, report, html } = read(documents.map((document) => document.toJS() as Yaml));
      expect(shards.length).to.equal(4);
      const project = join(folder, name);
      await makeProject(project);
      const run = async (script: string, env: Readonly<Record<string, string>>) => {
        const { exitCode, all } = await execa("sh", ["-e", "-c", script], {
          cwd: project,
          env: { ...env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` },
          all: true,
          reject: false,
        });
        expect(exitCode, all).to.equal(0);
      };
      await Promise.all(shards.map(({ script, env }) => run(script, env)));
      await run(report.script, report.env);
      expect(await readFile(join(project, html), "utf8")).to.contain("passed · packetproof");
      const joined = join(project, "joined.json");
      const parts = html.startsWith("blobs") ? `${dirname(html)}/*.jsonl.gz` : "blobs/*.jsonl.gz";
      await run(`npx packetproof report merge ${parts} --json ${joined}`, {});
      const { totals, results } = JSON.parse(await readFile(joined, "utf8")) as Report;
      expect(totals).to.deep.equal({ passed: 3, failed: 0, skipped: 0, error: 0 });
      expect(results.map((result) => result.case)).to.deep.equal(["one", "two", "three"]);
    });
  }

  it("build the image that the Jobs run", async () => {
    const image = await readFile(join(projectRoot, "ci", "Dockerfile"), "utf8");
    expect(image.match(/^FROM /gm)).to.have.length(1);
    const job = await readFile(join(projectRoot, "ci", "kubernetes-job.yml"), "utf8");
    expect(/^WORKDIR (\S+)$/m.exec(image)![1]).to.equal(/workingDir: (\S+)/.exec(job)![1]);
  });
});

/** Three cases: of four parts, one has none. */
async function makeProject(project: string): Promise<void> {
  await mkdir(join(project, "scenarios"), { recursive: true });
  await cp(join(projectRoot, "bpf", "xdp_count.bpf.c"), join(project, "scenarios", "xdp_count.bpf.c"));
  const head = "program: xdp_count.bpf.c\nhook: xdp\nbackends: sim\ncases:\n";
  const cases = (names: readonly string[]): string =>
    names.map((name) => `  - { name: ${name}, send: [eth, ipv4], expect: { verdict: XDP_PASS } }\n`).join("");
  await writeFile(join(project, "scenarios", "a.yml"), `name: a\n${head}${cases(["one", "two"])}`);
  await writeFile(join(project, "scenarios", "b.yml"), `name: b\n${head}${cases(["three"])}`);
}

function githubActions([workflow]: readonly Yaml[]): Definition {
  expect(workflow).to.have.keys("name", "on", "permissions", "jobs");
  const { scenarios, report } = workflow!["jobs"];
  for (const job of [scenarios, report]) {
    expect(Object.keys(job)).to.satisfy(onlyOf("needs", "if", "runs-on", "timeout-minutes", "strategy", "steps"));
    for (const step of job.steps) {
      expect(Object.keys(step)).to.satisfy(onlyOf("name", "uses", "with", "if", "run"));
      // Either a command or an action, and that with a version.
      expect("run" in step).to.not.equal("uses" in step);
      if (step.uses) expect(step.uses).to.match(/^actions\/[a-z-]+@v\d+$/);
    }
  }
  expect(report.needs).to.deep.equal(["scenarios"]);
  expect(scenarios.strategy["fail-fast"]).to.equal(false);
  const matrix: readonly number[] = scenarios.strategy.matrix.shard;
  const contexts = { "strategy.job-total": String(matrix.length), "github.run_number": "17" };
  const script = (job: Yaml, values: Readonly<Record<string, string>>): string =>
    (job["steps"] as readonly Yaml[])
      .flatMap(({ run }) => (run === undefined ? [] : [expand(run as string, values)]))
      .join("\n");
  // What is uploaded is what the other job gets.
  const uploaded = (scenarios.steps as readonly Yaml[]).find(({ uses }) => /upload/.test(String(uses)))!["with"];
  const downloaded = (report.steps as readonly Yaml[]).find(({ uses }) => /download/.test(String(uses)))!["with"];
  expect(uploaded.path).to.equal(downloaded.path);
  expect(downloaded["merge-multiple"]).to.equal(true);
  expect(uploaded.name.replace("${{ matrix.shard }}", "*")).to.equal(downloaded.pattern);
  return {
    shards: matrix.map((shard) => ({
      script: script(scenarios, { ...contexts, "matrix.shard": `${shard}` }),
      env: {},
    })),
    report: { script: script(report, contexts), env: {} },
    html: "report/index.html",
  };
}

/** `${{ … }}` as GitHub fills it in; a name that it does not know would be empty, and is a mistake. */
function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => {
    expect(values).to.have.property(name);
    return values[name]!;
  });
}

function gitlab([file]: readonly Yaml[]): Definition {
  expect(file).to.have.keys("image", "stages", "default", "scenarios", "report");
  const { scenarios, report, stages } = file!;
  for (const job of [scenarios, report]) {
    expect(Object.keys(job)).to.satisfy(onlyOf("stage", "parallel", "timeout", "when", "needs", "script", "artifacts"));
    expect(stages).to.include(job.stage);
  }
  expect(report.needs).to.deep.equal(["scenarios"]);
  expect(scenarios.artifacts.when).to.equal("always");
  const script = (job: Yaml): string => [...file!["default"].before_script, ...job["script"]].join("\n");
  return {
    shards: Array.from({ length: scenarios.parallel }, (_, i) => ({
      script: script(scenarios),
      env: { CI_NODE_INDEX: `${i + 1}`, CI_NODE_TOTAL: `${scenarios.parallel}`, CI_PIPELINE_IID: "17" },
    })),
    report: { script: script(report), env: {} },
    html: "report/index.html",
  };
}

function kubernetes(documents: readonly Yaml[]): Definition {
  expect(documents.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).to.deep.equal([
    "v1 ConfigMap",
    "v1 PersistentVolumeClaim",
    "batch/v1 Job",
    "batch/v1 Job",
  ]);
  const [config, claim, scenarios, report] = documents as [Yaml, Yaml, Yaml, Yaml];
  const { spec } = scenarios;
  expect(spec.completionMode).to.equal("Indexed");
  expect(String(spec.completions)).to.equal(config["data"].SHARDS);
  const containers = [scenarios, report].map((job) => {
    const pod = job["spec"].template.spec;
    // A Job's pods may not be started anew by the kubelet where their index counts.
    expect(pod.restartPolicy).to.equal("Never");
    const [container] = pod.containers;
    expect(container.envFrom[0].configMapRef.name).to.equal(config["metadata"].name);
    expect(pod.volumes[0].persistentVolumeClaim.claimName).to.equal(claim["metadata"].name);
    expect(container.volumeMounts[0]).to.deep.equal({
      name: pod.volumes[0].name,
      mountPath: `${container.workingDir}/blobs`,
    });
    expect(container.command).to.deep.equal(["sh", "-c"]);
    return container;
  });
  const env = config["data"] as Readonly<Record<string, string>>;
  return {
    shards: Array.from({ length: spec.completions }, (_, i) => ({
      script: containers[0].args[0],
      env: { ...env, JOB_COMPLETION_INDEX: `${i}` },
    })),
    report: { script: containers[1].args[0], env },
    html: `blobs/${env["RUN"]}/index.html`,
  };
}

function onlyOf(...known: readonly string[]): (keys: readonly string[]) => boolean {
  return (keys) => keys.every((key) => known.includes(key));
}
