import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { readEvents } from "../../harness/cli/event-file.js";
import type { RunEvent } from "../../harness/model/event.js";
import { projectRoot } from "../../harness/run/project.js";
import { recordRun } from "../record.js";
import { renderHtml } from "./page.js";
import { launchBrowser } from "./test-browser.js";
import { measurement } from "./test-measurement.js";

/** A real browser opens the page from disk, as people do. Skipped where no Chromium is installed. */
describe("the HTML report", () => {
  let folder: string;
  let events: readonly RunEvent[];
  let browser: Browser | undefined;
  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), "packetproof-html-"));
    events = await readEvents(join(projectRoot, "fixtures", "reports", "run.jsonl.gz"));
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  /** What the browser complained of, and asked for besides the file. */
  interface Opened {
    readonly page: Page;
    readonly complaints: readonly string[];
    readonly requests: readonly string[];
  }

  async function open(test: Mocha.Context, from = events, hash = "", width = 1280): Promise<Opened> {
    return openHtml(test, await renderHtml(recordRun(from)), hash, width);
  }

  async function openHtml(test: Mocha.Context, html: string, hash = "", width = 1280): Promise<Opened> {
    if (!browser) return test.skip();
    const file = join(folder, `${Math.random().toString(36).slice(2)}.html`);
    await writeFile(file, html);
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => message.type() !== "log" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    const url = pathToFileURL(file).href;
    await page.goto(url + hash);
    await page.waitForSelector("main *");
    return { page, complaints, requests };
  }

  /** Nothing but the file itself, and no complaint about its policy or script. */
  function expectQuiet({ complaints, requests }: Opened): void {
    expect(complaints).to.deep.equal([]);
    expect(requests.filter((url) => !/^(file|data):/.test(url))).to.deep.equal([]);
    expect(requests.filter((url) => url.startsWith("file:")).length).to.equal(1);
  }

  it("opens with what failed first, and what was proved where", async function () {
    const opened = await open(this);
    const { page } = opened;
    const failures = await page.locator(".failures .name").allTextContents();
    expect(failures.length).to.equal(2);
    expect(await page.locator("#systems").textContent()).to.contain("what was proved where");
    expect(await page.locator(".tile .what").allTextContents()).to.deep.equal(["sim", "kernel", "wire"]);
    expect((await page.screenshot()).length).to.be.greaterThan(10_000);
    expectQuiet(opened);
  });

  it("is filtered by words, outcomes and systems, by keyboard alone", async function () {
    const opened = await open(this, events, "#/cases");
    const { page } = opened;
    const rows = page.locator(".row");
    const all = await rows.count();
    await page.keyboard.press("/");
    await page.keyboard.type("sim:failed");
    expect(await rows.count()).to.equal(2);
    await page.keyboard.press("Control+A");
    await page.keyboard.type('P1 "reply"');
    const names = await rows.allTextContents();
    expect(names.length).to.be.within(0, all - 1);
    await page.keyboard.press("Control+A");
    await page.keyboard.type("no such case");
    expect(await page.locator('[role="status"]').textContent()).to.equal("0 cases");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("TCP");
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.waitForSelector("article.case");
    const first = await page.locator("article.case h2").textContent();
    await page.keyboard.press("j");
    await page.waitForFunction((name) => document.querySelector("article.case h2")?.textContent !== name, first);
    await page.keyboard.press("Escape");
    await page.waitForSelector("article.case", { state: "detached" });
    expectQuiet(opened);
  });

  it("shows a failing case: expected against actual, changed fields and bytes, the topology", async function () {
    const opened = await open(this);
    const { page } = opened;
    await page.locator(".failures button", { hasText: "reaches the first backend" }).click();
    await page.waitForSelector(".packet");
    expect(await page.locator(".mismatches tbody th").first().textContent()).to.equal("tcp.checksum");
    expect(await page.locator(".mismatches .expected").first().textContent()).to.equal("0xf6a9");
    // The program rewrote addresses, and left a checksum wrong: the page says both.
    expect(await page.locator(".layer tr.changed th").allTextContents()).to.include("dst");
    expect(await page.locator(".layer .wrong").first().textContent()).to.contain("0xf6a9");
    expect(await page.locator(".hex .changed").count()).to.be.greaterThan(2);
    expect(await page.locator("svg.topology").getAttribute("aria-label")).to.contain("the program is at");
    await page.keyboard.press("b");
    await page.waitForFunction(() =>
      /kernel/.test(document.querySelector('[aria-selected="true"]')?.textContent ?? ""),
    );
    await page.locator("summary", { hasText: "Verifier" }).click();
    expect(await page.locator("table", { hasText: "machine code" }).textContent()).to.match(/\d/);
    expect(await page.locator(".way .place").allTextContents()).to.deep.equal([
      "client:eth0",
      "dut:eth0 · xdp",
      "output",
    ]);
    await page.keyboard.press("b");
    await page.locator(".path-view .dropped", { hasText: "OTHERHOST" }).waitFor();
    await page.locator("summary", { hasText: "kernel stack" }).click();
    expect(await page.locator(".path-view pre").textContent()).to.contain("ip_rcv_core");
    expectQuiet(opened);
  });

  it("goes through a packet's run step by step, forwards and backwards, from what decided it", async function () {
    const opened = await open(this, events, "#/cases?filter=failed");
    const { page } = opened;
    await page.locator(".row", { hasText: "reaches the first backend" }).click();
    const slider = page.getByRole("slider", { name: "step" });
    await slider.waitFor();
    const value = async (): Promise<number> => Number(await slider.inputValue());
    const decided = await value();
    expect(await page.locator(".now").textContent()).to.match(/if .* goto/);
    expect(await page.locator(".source .current").first().textContent()).to.match(/hash|count|index/);
    await page.getByRole("button", { name: "one instruction on" }).click();
    expect(await value()).to.equal(decided + 1);
    await page.keyboard.press("ArrowLeft");
    expect(await value()).to.equal(decided);
    await page.keyboard.press("ArrowDown");
    const nextLine = await page.locator(".pane .source .current").textContent();
    await page.keyboard.press("ArrowUp");
    expect(await page.locator(".pane .source .current").textContent()).to.not.equal(nextLine);
    // Behind the last instruction, the packet is what the backend gave out.
    await page.keyboard.press("End");
    const [traced] = await page.locator(".trace .hex pre").allTextContents();
    const out = await page.locator(".packet .hex pre").last().textContent();
    const bytes = (text: string | null | undefined): string => (text ?? "").replace(/  [^ ]*$/gm, "");
    expect(bytes(traced)).to.equal(bytes(out));
    await page.keyboard.press("Home");
    expect(await page.locator(".trace .hex .changed").count()).to.equal(0);
    expectQuiet(opened);
  });

  it("shows which lines and branches of C ran, and goes from gap to gap", async function () {
    const at = (line: number) => ({ file: "./bpf/xdp_lb.bpf.c", line });
    const functions = [
      {
        object: "xdp_lb",
        section: "xdp",
        name: "xdp_lb",
        source: at(60),
        hits: 3,
        lines: [
          { ...at(60), hits: 3 },
          { ...at(70), hits: 0 },
          { ...at(71), hits: 0 },
        ],
        branches: [{ ...at(60), slot: 4, taken: 3, notTaken: 0 }],
      },
    ];
    const opened = await open(this, [...events, { type: "coverage", functions }]);
    const { page } = opened;
    await page.locator(".tile", { hasText: "coverage" }).click();
    await page.locator(".coverage tbody .share").first().waitFor();
    expect(await page.locator(".coverage tbody .share").allTextContents()).to.deep.equal(["33.3 %", "50.0 %", "100 %"]);
    await page.locator(".coverage button", { hasText: "bpf/xdp_lb.bpf.c" }).click();
    await page.locator(".covered .never").first().waitFor();
    expect(await page.locator(".covered .never").count()).to.equal(2);
    await page.getByRole("button", { name: "line 60: 1 of 2 branches" }).click();
    expect(await page.locator(".jump").textContent()).to.equal("jump 1: taken 3 ×, not taken never\n");
    await page.getByRole("button", { name: "next gap" }).click();
    const first = await page.locator(".covered").evaluate((box) => box.scrollTop);
    await page.getByRole("button", { name: "next gap" }).click();
    expect(await page.locator(".covered").evaluate((box) => box.scrollTop)).to.be.greaterThan(first);
    expectQuiet(opened);
  });

  it("draws distributions with their percentiles, and curves, from measurements alone", async function () {
    const opened = await openHtml(this, await renderHtml(undefined, [measurement]));
    const { page } = opened;
    await page.waitForSelector(".plot canvas");
    expect(await page.title()).to.equal("xdp-vs-tc · packetproof");
    expect(await page.locator("nav button").allTextContents()).to.deep.equal(["Measurements"]);
    expect(await page.locator(".contenders").first().locator("tbody tr").last().textContent()).to.match(
      /^tc13 µs.*×1\.44.*13\.1 µs.*42/,
    );
    expect(await page.locator(".plot canvas").count()).to.equal(3);
    // What is drawn is not all of one colour.
    const colours = await page.locator(".plot canvas").evaluateAll((all) =>
      (all as HTMLCanvasElement[]).map((canvas) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      }),
    );
    for (const count of colours) expect(count).to.be.greaterThan(10);
    expect(await page.locator(".growth").textContent()).to.contain("x0.86");
    expect(await page.locator("main").textContent()).to.contain("AF_XDP was skipped: the kernel has none");
    await page.getByRole("button", { name: /Use .* colours/ }).click();
    await page.locator("summary", { hasText: "The machine" }).click();
    expect(await page.locator(".facts").textContent()).to.contain("<img src=x onerror=alert(1)>");
    expectQuiet(opened);
  });

  it("says what joined parts lack, before anything else", async function () {
    const joined = events.map((event) =>
      event.type === "start" ? { ...event, remarks: ["shard 2/3 is missing"] } : event,
    );
    const opened = await open(this, joined);
    expect(await opened.page.getByRole("alert").textContent()).to.equal("shard 2/3 is missing");
    expectQuiet(opened);
  });

  it("shows what packets and files say as text, and runs none of it", async function () {
    const opened = await open(this, events, "#/cases?case=0");
    const { page } = opened;
    await page.waitForSelector(".packet");
    expect(await page.title()).to.equal("✗ 6 failed · packetproof");
    expect(await page.locator("article.case h2").textContent()).to.contain(
      '</script><script>document.title="run"</script>',
    );
    expect(await page.locator("main img, main script, main b b").count()).to.equal(0);
    await page.locator("summary", { hasText: "Scenario" }).click();
    expect(await page.locator(".fold > .source").textContent()).to.contain("<img src=x onerror=alert(1)>");
    expectQuiet(opened);
  });

  it("fits a phone, and names everything that can be pressed", async function () {
    const opened = await open(this, events, "#/cases?case=0", 390);
    const { page } = opened;
    await page.waitForSelector(".packet");
    const expectToFit = async (shown: Page, what: string): Promise<void> => {
      const [content, width] = await shown.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(content, what).to.be.at.most(width);
    };
    await expectToFit(page, "a case");
    for (const view of ["overview", "cases"]) {
      await page.goto(`${page.url().split("#")[0]}#/${view}`);
      await page.waitForSelector("main *");
      await expectToFit(page, view);
    }
    await page.goto(`${page.url().split("#")[0]}#/cases?case=0`);
    await page.waitForSelector(".packet");
    const measured = await openHtml(this, await renderHtml(undefined, [measurement]), "", 390);
    await measured.page.waitForSelector(".plot canvas");
    await expectToFit(measured.page, "measurements");
    const nameless = await page
      .locator("button, input, svg[role=img], [role=img]")
      .evaluateAll((all) => all.filter((e) => !(e.getAttribute("aria-label") ?? e.textContent)?.trim()).length);
    expect(nameless).to.equal(0);
    expectQuiet(opened);
  });

  it("keeps five thousand cases in one file of a few MB, and opens it with the heavy parts still packed", async function () {
    this.timeout(60_000);
    const many = manyCases(events, 5000);
    const html = await renderHtml(recordRun(many));
    expect(html.length).to.be.lessThan(30 * 1024 * 1024);
    const opened = await open(this, many);
    const { page } = opened;
    const openMs = await page.evaluate(() => performance.now());
    console.log(`      5,000 cases: ${(html.length / 1024 / 1024).toFixed(1)} MB, open after ${Math.round(openMs)} ms`);
    await page.locator("nav button", { hasText: "Cases" }).click();
    expect(await page.locator('[role="status"]').textContent()).to.equal("5,000 cases");
    // Files without failures are closed until somebody looks.
    expect(await page.locator(".row").count()).to.equal(50);
    expectQuiet(opened);
  });
});

/** The same cases again and again, in files of fifty, with packets of their own. */
function manyCases(events: readonly RunEvent[], count: number): RunEvent[] {
  const { results, cases } = recordRun(events);
  const isFailing = ({ file }: { file: string }): boolean => file.includes("must-fail");
  const passing = [...cases.values()].filter((each) => !each.case.includes("script") && !isFailing(each));
  const failing = [...cases.values()].find(isFailing)!;
  const made: RunEvent[] = events.filter((event) => event.type === "start" || event.type === "file");
  for (let i = 0; i < count; i++) {
    const description = i === 0 ? failing : passing[i % passing.length]!;
    const place = { file: `scenarios/generated/${Math.floor(i / 50)}.yml`, case: `${description.case} ${i}` };
    const steps = description.steps.map((step) => ({
      ...step,
      packets: step.packets.map((packet) => ({ ...packet, bytes: unlike(packet.bytes, i) })),
    }));
    made.push({ type: "case", description: { ...description, ...place, steps } });
    for (const result of results)
      if (result.file === description.file && result.case === description.case)
        made.push({ type: "result", result: { ...result, ...place, span: { ...result.span, file: place.file } } });
  }
  return [...made, { type: "end", durationMs: 60_000 }];
}

/** Bytes that compress as badly as other packets would. */
function unlike(base64: string, seed: number): string {
  const bytes = Buffer.from(base64, "base64");
  for (let i = 34; i < bytes.length; i++) bytes[i] = (Math.imul(seed + 1, 2654435761) >>> (i % 24)) & 0xff;
  return bytes.toString("base64");
}
