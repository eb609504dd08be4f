import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

/** Where Debian, Ubuntu and others put it. */
const executables = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** For tests: a headless Chromium; undefined where none is installed. */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = executables.find((path) => existsSync(path));
  if (executablePath === undefined) return undefined;
  const { chromium } = await import("playwright-core");
  // Root may not sandbox; the pages are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
