import type { Service } from "../model/scenario.js";
import type { Topology } from "../model/topology.js";
import { type Decoder, byKind, list, located, refined } from "./decoder.js";
import { defaulted, object, optional, record, required } from "./object.js";
import { hostName } from "./places.js";
import { durationMs, integer, regex, text, word } from "./scalars.js";

/** A command with its arguments: a list, never a line for a shell. */
export const command: Decoder<readonly string[]> = {
  decode(node, report) {
    if (node.kind === "scalar" && typeof node.value === "string") {
      const shown = node.value.trim().split(/\s+/).join(", ");
      return report(node.span, "a command is a list of arguments", `write [${shown}]`);
    }
    return argumentsOf.decode(node, report);
  },
  schema: (definitions) => argumentsOf.schema(definitions),
};

const argumentsOf = refined(list(text("an argument"), "a command as a list of arguments"), (argv, node, report) =>
  argv[0] ? argv : report(node.span, "a command needs the name of a program"),
);

const ready = refined(
  object("'ready'", {
    tcp: optional(integer(1, 65_535, "a port"), "ready when this TCP port accepts connections", 80),
    stdout: optional(regex, "ready when a line of its output matches", "listening on"),
  }),
  ({ tcp, stdout }, node, report) => {
    if (tcp !== undefined && stdout === undefined) return { tcpPort: tcp };
    if (stdout !== undefined && tcp === undefined) return { stdout };
    return report(node.span, "'ready' takes one of 'tcp' and 'stdout'", "for example: ready: {tcp: 80}");
  },
);

/** Configuration that several scenarios share is a file of its own. */
const fileContent = byKind("a file's content, or {file: PATH}", {
  scalar: refined(text("a file's content"), (content) => ({ text: content })),
  map: object("a file", {
    file: required(located(word("a path")), "the file to copy, relative to the scenario", "nginx/web.conf"),
  }),
});

/** Long-running programs in hosts. */
export function services(topology: Topology | undefined): Decoder<readonly Service[]> {
  const service = object("a service", {
    name: optional(word("a name"), "name for messages; absent: the host's name and a number", "web"),
    host: required(located(hostName(topology)), "the host it runs in", "backend1"),
    run: required(located(command), "the command: a list of arguments, never a shell line", [
      "nginx",
      "-c",
      "nginx.conf",
    ]),
    files: defaulted(
      record("files by name", fileContent, fileProblem),
      [],
      "files, by their content or as copies of `{ file: PATH }` relative to the scenario, written into the service's own working directory before it starts",
      { "index.html": "backend1" },
    ),
    ready: optional(ready, "how to know that it has started; absent: at once", { tcp: 80 }),
    timeout: defaulted(durationMs, 10_000, "how long it may take to be ready; 10s by default", "30s"),
  });
  return refined(list(located(service), "a list of services"), (found) =>
    found.map(({ value: { name, host, run, files, ready, timeout }, span }, i) => ({
      name: name ?? `${host.value}-${i + 1}`,
      host,
      command: run,
      files: Object.fromEntries(files.flatMap(({ key, decoded }) => ("text" in decoded ? [[key, decoded.text]] : []))),
      copies: Object.fromEntries(files.flatMap(({ key, decoded }) => ("file" in decoded ? [[key, decoded.file]] : []))),
      ready,
      timeoutMs: timeout,
      span,
    })),
  );
}

/** Files stay below the service's directory. */
function fileProblem(name: string): string | undefined {
  const inside = name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return inside ? undefined : `'${name}' is not a file below the service's own directory`;
}
