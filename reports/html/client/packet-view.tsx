import { useMemo, useState } from "preact/hooks";
import type { Packet } from "../../../harness/model/packet.js";
import { summary } from "../../../harness/packet/print.js";
import { HexView } from "./hex-view.js";
import { comparePackets, type Cell, type LayerRow, type Stretch } from "./packet-rows.js";

/** What the pointer or the focus is on: the bytes of a field, in either packet. */
interface Lit {
  readonly before: Stretch | undefined;
  readonly after: Stretch | undefined;
}

/** A packet that went in, and what came out: layers and fields beside the bytes, changes marked in both. */
export function PacketView({ sent, out, place }: { sent: Packet | undefined; out: Packet | undefined; place: string }) {
  const [lit, setLit] = useState<Lit>();
  const [before, after] = [sent ?? out!, out ?? sent!];
  const compared = useMemo(() => comparePackets(before, after), [before.bytes, after.bytes]);
  const none = new Set<number>();
  const both = sent !== undefined && out !== undefined;
  const same = both && compared.beforeMarks.size + compared.afterMarks.size === 0;
  return (
    <div class="packet">
      <div class="tree" role="group" aria-label="Layers and fields" onMouseLeave={() => setLit(undefined)}>
        <p class="summary">{summary(after)}</p>
        {compared.layers.map((layer, i) => (
          <Layer key={i} layer={layer} both={both && !same} setLit={setLit} />
        ))}
      </div>
      <div class="bytes">
        {sent && (
          <HexView
            label={same ? `sent; ${place}: the same` : "sent"}
            bytes={sent.bytes}
            marks={same ? none : both ? compared.beforeMarks : none}
            lit={lit?.before}
          />
        )}
        {out && !same && (
          <HexView label={place} bytes={out.bytes} marks={both ? compared.afterMarks : none} lit={lit?.after} />
        )}
      </div>
    </div>
  );
}

function Layer({ layer, both, setLit }: { layer: LayerRow; both: boolean; setLit: (lit: Lit | undefined) => void }) {
  const light = (): void => setLit({ before: layer.before, after: layer.after });
  const hasWrong = layer.fields.some(({ before, after }) => before?.wrong ?? after?.wrong);
  const fate = both && layer.fate !== "kept" ? ` ${layer.fate}` : "";
  return (
    <details
      class={`layer${both && layer.changed ? " changed" : ""}${fate}`}
      open={(both && layer.changed) || hasWrong}
    >
      <summary onMouseEnter={light} onFocus={light}>
        <b>{layer.name}</b> {layer.summary}
        {fate !== "" && <span class="fate">{layer.fate}</span>}
      </summary>
      <table>
        <tbody>
          {layer.fields.map(({ name, doc, before, after, changed }) => {
            const show = (): void => setLit({ before: before?.stretch, after: after?.stretch });
            const marked = both && changed;
            return (
              <tr key={name} class={marked ? "changed" : ""} onMouseEnter={show}>
                <th scope="row" title={doc}>
                  {name}
                </th>
                {marked ? (
                  <>
                    <Value of={before} />
                    <td class="arrow" aria-label="becomes">
                      →
                    </td>
                    <Value of={after} />
                  </>
                ) : (
                  <Value of={after ?? before} span={3} />
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </details>
  );
}

function Value({ of, span }: { of: Cell | undefined; span?: number }) {
  return (
    <td colSpan={span}>
      {of?.text ?? <span class="dim">absent</span>}
      {of?.wrong !== undefined && <span class="wrong">wrong: {of.wrong}</span>}
    </td>
  );
}
