import type { Host, Place, Topology } from "../../../harness/model/topology.js";

interface PlacedPort {
  readonly dev: string;
  /** MAC and addresses. */
  readonly lines: readonly string[];
  readonly y: number;
  readonly side: "left" | "right";
}

interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Layout {
  readonly hosts: readonly (Box & { readonly ports: readonly PlacedPort[] })[];
  readonly switches: readonly Box[];
  readonly wires: readonly { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }[];
  readonly width: number;
  readonly height: number;
}

const boxWidth = 210;
const gap = 90;
const switchWidth = 70;
const lineHeight = 14;
const header = 32;

/**
 * Columns from left to right by distance (over cables and switches) from where packets come from; in a column one
 * below the other. Good enough for the handful of hosts that scenarios have.
 */
export function layOut(topology: Topology): Layout {
  const nodes = [...topology.hosts.map(({ name }) => name), ...topology.bridges.map(({ name }) => switchKey(name))];
  const edges: [string, string, Place, Place | undefined][] = [
    ...topology.links.map(({ ends: [a, b] }): (typeof edges)[0] => [a.host, b.host, a, b]),
    ...topology.bridges.flatMap(({ name, ports }) =>
      ports.map((port): (typeof edges)[0] => [port.host, switchKey(name), port, undefined]),
    ),
  ];
  const column = distances(nodes, edges, topology.from.host);
  const columns: string[][] = [];
  for (const node of nodes) (columns[column.get(node)!] ??= []).push(node);
  const boxes = new Map<string, Box>();
  let x = 1;
  for (const names of columns) {
    let y = 1;
    const width = names.some((name) => !name.startsWith(switchMark)) ? boxWidth : switchWidth;
    for (const name of names) {
      const host = topology.hosts.find((each) => each.name === name);
      const height = host ? heightOf(host) : 36;
      boxes.set(name, { name: name.replace(switchMark, ""), x, y, width, height });
      y += height + 18;
    }
    x += width + gap;
  }
  const height = Math.max(...[...boxes.values()].map((box) => box.y + box.height)) + 1;
  centre(columns, boxes, height);
  const sideOf = (node: string, other: string): "left" | "right" =>
    column.get(other)! < column.get(node)! ? "left" : "right";
  const hosts = topology.hosts.map((host) => {
    const box = boxes.get(host.name)!;
    let y = box.y + header + 8;
    const ports = host.interfaces.map((each) => {
      const lines = linesOf(each);
      const edge = edges.find(([, , a, b]) => isAt(a, host.name, each.dev) || (b && isAt(b, host.name, each.dev)));
      const other = edge ? (edge[0] === host.name ? edge[1] : edge[0]) : host.name;
      const port: PlacedPort = { dev: each.dev, lines, y, side: sideOf(host.name, other) };
      y += (lines.length + 1) * lineHeight + 10;
      return port;
    });
    return { ...box, ports };
  });
  const end = (node: string, place: Place | undefined, other: string): readonly [number, number] => {
    const box = boxes.get(node)!;
    const port = place && hosts.find(({ name }) => name === node)?.ports.find(({ dev }) => dev === place.dev);
    const side = port?.side ?? sideOf(node, other);
    return [side === "left" ? box.x : box.x + box.width, port?.y ?? box.y + box.height / 2];
  };
  const wires = edges.map(([a, b, from, to]) => {
    const [x1, y1] = end(a, from, b);
    const [x2, y2] = end(b, to, a);
    return { x1, y1, x2, y2 };
  });
  const switches = topology.bridges.map(({ name }) => boxes.get(switchKey(name))!);
  return { hosts, switches, wires, width: x - gap + 1, height };
}

/** Hosts and switches may have the same names. */
const switchMark = "switch ";

function switchKey(name: string): string {
  return switchMark + name;
}

function heightOf({ interfaces }: Host): number {
  return header + interfaces.reduce((sum, each) => sum + (linesOf(each).length + 1) * lineHeight + 10, 0);
}

function linesOf({ mac, addresses }: Host["interfaces"][number]): string[] {
  return [mac, ...addresses];
}

function isAt(place: Place, host: string, dev: string): boolean {
  return place.host === host && place.dev === dev;
}

/** Breadth first; what is joined to nothing stands in the first column. */
function distances(
  nodes: readonly string[],
  edges: readonly (readonly [string, string, ...unknown[]])[],
  start: string,
): Map<string, number> {
  const found = new Map([[start, 0]]);
  for (const node of found.keys()) {
    const next = edges.flatMap(([a, b]) => (a === node ? [b] : b === node ? [a] : []));
    for (const other of next) if (!found.has(other)) found.set(other, found.get(node)! + 1);
  }
  for (const node of nodes) if (!found.has(node)) found.set(node, 0);
  return found;
}

function centre(columns: readonly (readonly string[])[], boxes: Map<string, Box>, height: number): void {
  for (const names of columns) {
    const last = boxes.get(names.at(-1)!)!;
    const shift = (height - 1 - (last.y + last.height)) / 2;
    for (const name of names) {
      const box = boxes.get(name)!;
      boxes.set(name, { ...box, y: box.y + shift });
    }
  }
}
