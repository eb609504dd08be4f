import type { CaseDescription } from "../../../harness/model/evidence.js";
import type { Topology } from "../../../harness/model/topology.js";
import { formatPlace } from "../../../harness/model/topology.js";
import { layOut } from "./topology-layout.js";

/** Hosts, their interfaces and what joins them, drawn to scale with their number of lines. */
export function TopologyView({ description: { topology, hook, others } }: { description: CaseDescription }) {
  const { hosts, wires, switches, width, height } = layOut(topology);
  const programs = [{ at: formatPlace(topology.attach), hook }, ...others];
  const from = formatPlace(topology.from);
  return (
    <svg
      class="topology"
      viewBox={`0 0 ${width} ${height}`}
      style={{ maxWidth: `${width}px` }}
      role="img"
      aria-label={describe(topology, others)}
    >
      {wires.map(({ x1, y1, x2, y2 }, i) => {
        const middle = (x1 + x2) / 2;
        return <path key={i} class="wire" d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />;
      })}
      {switches.map(({ name, x, y, width, height }) => (
        <g key={name}>
          <rect class="switch" x={x} y={y} width={width} height={height} rx="8" />
          <text class="host" x={x + width / 2} y={y + height / 2 + 4} text-anchor="middle">
            {name}
          </text>
        </g>
      ))}
      {hosts.map(({ name, x, y, width, height, ports }) => (
        <g key={name}>
          <rect class="box" x={x} y={y} width={width} height={height} rx="8" />
          <text class="host" x={x + 12} y={y + 20}>
            {name}
          </text>
          {ports.map(({ dev, lines, y: top, side }) => {
            const place = `${name}:${dev}`;
            const edge = side === "left" ? x : x + width;
            const hooks = [...new Set(programs.filter(({ at }) => at === place).map((program) => program.hook))];
            return (
              <g key={dev}>
                <circle class={hooks.length > 0 ? "port attach" : "port"} cx={edge} cy={top} r="5" />
                <text class="dev" x={x + 12} y={top + 4}>
                  {dev}
                  {hooks.length > 0 && <tspan class="hook"> ◆ {hooks.join(", ")}</tspan>}
                  {place === from && <tspan class="from"> ▸ sends</tspan>}
                </text>
                {lines.map((line, i) => (
                  <text key={i} class="address" x={x + 12} y={top + 18 + i * 14}>
                    {line}
                  </text>
                ))}
              </g>
            );
          })}
        </g>
      ))}
    </svg>
  );
}

function describe({ hosts, links, bridges, attach }: Topology, others: CaseDescription["others"]): string {
  const wires = links.map(({ ends: [a, b] }) => `${formatPlace(a)} to ${formatPlace(b)}`);
  const switches = bridges.map(({ name, ports }) => `switch ${name} joins ${ports.map(formatPlace).join(", ")}`);
  const names = hosts.map(({ name }) => name).join(", ");
  const further = others.map(({ entry, at }) => `, ${entry} at ${at}`).join("");
  return `Hosts ${names}; ${[...wires, ...switches].join("; ")}; the program is at ${formatPlace(attach)}${further}`;
}
