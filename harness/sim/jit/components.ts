/**
 * Strongly connected components in topological order (Tarjan 1972, without recursion, since programs
 * may be chains of thousands of blocks). Of a node's successors the last comes first in the result.
 */
export function componentsOf(roots: readonly number[], follow: (node: number) => readonly number[]): number[][] {
  const found = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const components: number[][] = [];

  const visit = (node: number): Visit => {
    found.set(node, found.size);
    low.set(node, found.get(node)!);
    stack.push(node);
    onStack.add(node);
    return { node, successors: follow(node), next: 0 };
  };
  const leave = (node: number) => {
    if (low.get(node) !== found.get(node)) return;
    const component = stack.splice(stack.lastIndexOf(node));
    for (const member of component) onStack.delete(member);
    components.push(component);
  };

  for (const root of roots) {
    if (found.has(root)) continue;
    const path: Visit[] = [visit(root)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const successor = top.successors[top.next++];
      if (successor === undefined) {
        path.pop();
        leave(top.node);
        const parent = path.at(-1)?.node;
        if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(top.node)!));
      } else if (!found.has(successor)) {
        path.push(visit(successor));
      } else if (onStack.has(successor)) {
        low.set(top.node, Math.min(low.get(top.node)!, found.get(successor)!));
      }
    }
  }
  return components.reverse();
}

interface Visit {
  readonly node: number;
  readonly successors: readonly number[];
  next: number;
}
