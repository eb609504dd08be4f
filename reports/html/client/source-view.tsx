/** Lines of a text file with their numbers, some of them marked. */
export function SourceView(props: { text: string; from: number; to: number; marked: readonly number[] }) {
  const { text, from, to, marked } = props;
  const lines = text.split("\n").slice(from - 1, to);
  return (
    <pre class="source" tabIndex={0}>
      {lines.map((line, i) => (
        <span key={i} class={marked.includes(from + i) ? "line marked" : "line"}>
          <span class="gutter">{from + i}</span>
          {line}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
