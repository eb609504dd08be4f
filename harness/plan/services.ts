import type { Service } from "../model/scenario.js";
import type { Span } from "../model/span.js";
import { joinBytes } from "../packet/join-bytes.js";
import type { OpenCapture } from "./capture.js";
import type { PlanContext } from "./context.js";
import { checkHost } from "./step.js";

/** Services with the contents of all their files; a file that cannot be read is a problem of the context. */
export async function planServices(
  context: PlanContext,
  services: readonly Service[],
  readFile: OpenCapture,
): Promise<readonly Service[]> {
  const planned: Service[] = [];
  for (const service of services) {
    checkHost(context, service.host);
    const files: Record<string, string> = { ...service.files };
    for (const [name, { value, span }] of Object.entries(service.copies ?? {}))
      files[name] = (await context.problems.attemptAsync(() => textOf(value, span, readFile), { span })) ?? "";
    planned.push({ ...service, files, copies: {} });
  }
  return planned;
}

async function textOf(path: string, span: Span, readFile: OpenCapture): Promise<string> {
  const input = await readFile(path, span);
  if (input instanceof Uint8Array) return new TextDecoder().decode(input);
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return new TextDecoder().decode(joinBytes(chunks));
}
