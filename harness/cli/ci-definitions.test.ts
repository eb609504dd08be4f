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

  const definitions: Readonly<Record<string, (documents: readonly unknown[]) => Definition>> = {
    "github-actions.yml": githubActions,
    "gitlab-ci.yml": gitlab,
    "kubernetes-job.yml": kubernetes,
  };
  for (const [name, read] of Object.entries(definitions)) {
    it(`of ${name} run all cases once, and join them to the run that one machine would make`, async function () {
      this.timeout(60_000);
      const documents = parseAllDocuments(await readFile(join(projectRoot, "ci", name), "utf8"), { strict: true });
      for (const { errors, warnings } of documents) expect([...errors, ...warnings]).to.deep.equal([]);
      const { shards, report, html } = read(documents.map((document) => document.toJS()));
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

interface Workflow {
  readonly jobs: Readonly<Record<"scenarios" | "report", WorkflowJob>>;
}

interface WorkflowJob {
  readonly needs?: readonly string[];
  readonly strategy?: { readonly "fail-fast": boolean; readonly matrix: { readonly shard: readonly number[] } };
  readonly steps: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

function githubActions([file]: readonly unknown[]): Definition {
  expect(file).to.have.keys("name", "on", "permissions", "jobs");
  const { scenarios, report } = (file as Workflow).jobs;
  for (const job of [scenarios, report]) {
    expectKeys(job, ["needs", "if", "runs-on", "timeout-minutes", "strategy", "steps"]);
    for (const step of job.steps) {
      expectKeys(step, ["name", "uses", "with", "if", "run"]);
      // Either a command or an action, and that with a version.
      expect("run" in step).to.not.equal("uses" in step);
      if (step.uses) expect(step.uses).to.match(/^actions\/[a-z-]+@v\d+$/);
    }
  }
  expect(report.needs).to.deep.equal(["scenarios"]);
  expect(scenarios.strategy!["fail-fast"]).to.equal(false);
  const { shard: shards } = scenarios.strategy!.matrix;
  const contexts = { "strategy.job-total": `${shards.length}`, "github.run_number": "17" };
  const script = (job: WorkflowJob, values: Readonly<Record<string, string>>): string =>
    job.steps.flatMap(({ run }) => (run === undefined ? [] : [expand(run, values)])).join("\n");
  // What is uploaded is what the other job gets.
  const uploaded = scenarios.steps.find(({ uses }) => uses?.includes("upload"))!.with!;
  const downloaded = report.steps.find(({ uses }) => uses?.includes("download"))!.with!;
  expect(uploaded["path"]).to.equal(downloaded["path"]);
  expect(downloaded["merge-multiple"]).to.equal(true);
  expect(String(uploaded["name"]).replace("${{ matrix.shard }}", "*")).to.equal(downloaded["pattern"]);
  return {
    shards: shards.map((shard) => ({
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

interface Pipeline {
  readonly stages: readonly string[];
  readonly default: { readonly before_script: readonly string[] };
  readonly scenarios: PipelineJob & { readonly parallel: number };
  readonly report: PipelineJob;
}

interface PipelineJob {
  readonly stage: string;
  readonly needs?: readonly string[];
  readonly script: readonly string[];
  readonly artifacts: { readonly when: string };
}

function gitlab([file]: readonly unknown[]): Definition {
  expect(file).to.have.keys("image", "stages", "default", "scenarios", "report");
  const { scenarios, report, stages, default: common } = file as Pipeline;
  for (const job of [scenarios, report]) {
    expectKeys(job, ["stage", "parallel", "timeout", "when", "needs", "script", "artifacts"]);
    expect(stages).to.include(job.stage);
  }
  expect(report.needs).to.deep.equal(["scenarios"]);
  expect(scenarios.artifacts.when).to.equal("always");
  const script = (job: PipelineJob): string => [...common.before_script, ...job.script].join("\n");
  return {
    shards: Array.from({ length: scenarios.parallel }, (_, i) => ({
      script: script(scenarios),
      env: { CI_NODE_INDEX: `${i + 1}`, CI_NODE_TOTAL: `${scenarios.parallel}`, CI_PIPELINE_IID: "17" },
    })),
    report: { script: script(report), env: {} },
    html: "report/index.html",
  };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Job extends Manifest {
  readonly spec: {
    readonly completionMode?: string;
    readonly completions: number;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly persistentVolumeClaim: { claimName: string } }[];
      };
    };
  };
}

interface Container {
  readonly workingDir: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

function kubernetes(documents: readonly unknown[]): Definition {
  const kinds = (documents as readonly Manifest[]).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
  expect(kinds).to.deep.equal(["v1 ConfigMap", "v1 PersistentVolumeClaim", "batch/v1 Job", "batch/v1 Job"]);
  const [config, claim, ...jobs] = documents as [Manifest & { data: Record<string, string> }, Manifest, Job, Job];
  const { completionMode, completions } = jobs[0].spec;
  expect(completionMode).to.equal("Indexed");
  expect(`${completions}`).to.equal(config.data["SHARDS"]);
  const [scenarios, report] = jobs.map(({ spec }) => {
    const { restartPolicy, containers, volumes } = spec.template.spec;
    expect(restartPolicy).to.equal("Never");
    const container = containers[0]!;
    expect(container.envFrom[0]!.configMapRef.name).to.equal(config.metadata.name);
    expect(volumes[0]!.persistentVolumeClaim.claimName).to.equal(claim.metadata.name);
    const mount = { name: volumes[0]!.name, mountPath: `${container.workingDir}/blobs` };
    expect(container.volumeMounts).to.deep.equal([mount]);
    expect(container.command).to.deep.equal(["sh", "-c"]);
    return container.args[0]!;
  });
  return {
    shards: Array.from({ length: completions }, (_, i) => ({
      script: scenarios!,
      env: { ...config.data, JOB_COMPLETION_INDEX: `${i}` },
    })),
    report: { script: report!, env: config.data },
    html: `blobs/${config.data["RUN"]}/index.html`,
  };
}

function expectKeys(value: object, known: readonly string[]): void {
  expect(Object.keys(value).filter((key) => !known.includes(key))).to.deep.equal([]);
}
