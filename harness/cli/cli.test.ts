import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { projectRoot } from "../run/project.js";

const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");

/** The command as a user starts it: another process, no terminal. */
async function packetproof(...args: string[]) {
  return execa(process.execPath, [main, ...args], { cwd: projectRoot, reject: false, timeout: 60_000 });
}

/** The same without privileges: as root, all capabilities are given up first. */
async function unprivileged(...args: string[]) {
  if (process.getuid?.() !== 0) return packetproof(...args);
  const dropped = ["--inh-caps=-all", "--bounding-set=-all", process.execPath, main, ...args];
  return execa("setpriv", dropped, { cwd: projectRoot, reject: false, timeout: 60_000 });
}

const sound = `
name: counted
program: xdp_count.bpf.c
hook: xdp
cases:
  - name: a frame passes
    send: [eth, ipv4, udp]
    expect: { verdict: XDP_PASS }
`;

describe("the command line", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "packetproof-cli-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function scenario(name: string, text: string): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  }

  it("says its version and its help", async () => {
    expect((await packetproof("--version")).stdout).to.match(/^\d+\.\d+\.\d+$/);
    const help = await packetproof("run", "--help");
    expect(help.exitCode).to.equal(0);
    expect(help.stdout).to.contain("--backend").and.to.contain("Examples:");
  });

  it("names the nearest command and option (exit 2)", async () => {
    const command = await packetproof("chekc");
    expect(command.exitCode).to.equal(2);
    expect(command.stderr).to.contain("Did you mean check?");
    const option = await packetproof("run", "--backends", "kernel");
    expect(option.exitCode).to.equal(2);
    expect(option.stderr).to.contain("Did you mean --backend?");
  });

  it("names the nearest backend (exit 2)", async () => {
    const misspelt = await packetproof("run", await scenario("sound.yml", sound), "--backend", "kernal");
    expect(misspelt.exitCode).to.equal(2);
    expect(misspelt.stderr).to.contain("there is no backend 'kernal'").and.to.contain("did you mean kernel?");
  });

  it("refuses a backend that cannot run here (exit 3), and runs on those that can", async () => {
    const file = await scenario("sound.yml", sound);
    const refused = await unprivileged("run", file, "--backend", "kernel");
    expect(refused.exitCode).to.equal(3);
    expect(refused.stderr).to.match(/backend kernel cannot run here: needs (root|a Linux kernel)/);
    const { exitCode, stdout, stderr } = await unprivileged("run", file);
    expect(exitCode, stdout + stderr).to.equal(0);
    expect(stdout)
      .to.contain("- kernel  does not run here")
      .and.to.match(/^ {2}sim +1 passed, 0 failed$/m);
  });

  it("leaves to root what a killed run of root's has left, and says so", async () => {
    const { exitCode, stdout } = await unprivileged("clean");
    expect(exitCode, stdout).to.equal(0);
    expect(stdout).to.match(/what runs on kernel and wire leave was not looked for: needs (root|a Linux kernel)/);
  });

  it("checks a sound scenario", async () => {
    const { exitCode, stdout } = await packetproof("check", await scenario("sound.yml", sound));
    expect(stdout).to.equal("1 scenario with 1 case: no mistakes");
    expect(exitCode).to.equal(0);
  });

  it("reports every mistake of a file with its place, and runs nothing (exit 2)", async () => {
    const file = await scenario("wrong.yml", sound.replace("hook: xdp", "hook: xpd").replace("udp]", "upd]"));
    for (const command of ["check", "run"]) {
      const { exitCode, stderr, stdout } = await packetproof(command, file);
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(`${file}:4:7`).and.to.contain(`${file}:7:23`);
      expect(stdout).to.equal("");
    }
  });

  it("names the program that is not there (exit 2)", async () => {
    const file = await scenario("gone.yml", sound.replace("xdp_count", "xdp_cuont"));
    const { exitCode, stderr } = await packetproof("check", file);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain("there is no program xdp_cuont.bpf.c").and.to.contain("did you mean xdp_count.bpf.c?");
  });

  it("refuses files that are not BPF objects, each by what it is (exit 2)", async () => {
    await writeFile(join(folder, "text.o"), "this is no object at all, but it is long enough to have been one\n");
    await writeFile(join(folder, "empty.o"), "");
    for (const object of ["text.o", "empty.o"]) {
      const { exitCode, stderr } = await packetproof(
        "check",
        await scenario("o.yml", sound.replace("xdp_count.bpf.c", object)),
      );
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain(object).and.to.match(/ELF/);
    }
  });

  it("says what clang says about a source of the user's own (exit 2)", async function () {
    if (!(await hasClang())) return this.skip();
    await writeFile(join(folder, "broken.bpf.c"), "int broken(void) { return undeclared; }\n");
    const file = await scenario("broken.yml", sound.replace("xdp_count", "broken"));
    const { exitCode, stderr } = await packetproof("check", file);
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain("broken.bpf.c:1").and.to.contain("undeclared");
  });

  it("writes no colour into a pipe", async () => {
    const { stdout, stderr } = await packetproof("check", join(folder, "nothing.yml"));
    expect(stdout + stderr).to.not.contain("\u001b[");
  });
});

async function hasClang(): Promise<boolean> {
  return (await execa("clang", ["--version"], { reject: false })).exitCode === 0;
}
