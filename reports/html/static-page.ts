import { createHash } from "node:crypto";
import { clientBundle } from "./bundle.js";
import type { Markup } from "./markup.js";

/** A page without script, in the look of the report: it needs no network, and its policy allows none. */
export async function staticPage(title: string, body: Markup): Promise<string> {
  const { style } = await clientBundle();
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return [
    `<!doctype html>`,
    `<html lang="en">`,
    `<head>`,
    `<meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${title}</title>`,
    `<link rel="icon" href="data:,">`,
    `<style>${style}</style>`,
    `</head>`,
    `<body>`,
    body.text,
    `</body>`,
    `</html>`,
    ``,
  ].join("\n");
}

/** A source expression of the Content Security Policy for an inline element. */
export function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
