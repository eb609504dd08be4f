import { useState } from "preact/hooks";

/** A part of the page that can be closed; what is in it is made when it is opened. */
export function Fold(props: { title: string; note?: string; open?: boolean; children: preact.ComponentChildren }) {
  const [isOpen, setOpen] = useState(props.open ?? false);
  return (
    <details class="fold" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{props.title}</h3> <span class="dim">{props.note}</span>
      </summary>
      {isOpen && props.children}
    </details>
  );
}
