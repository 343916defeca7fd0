/**
 * Import cycles in a graph of files.
 *
 * Owns finding them (Tarjan's strongly connected components) and showing one short round trip for each.
 */
export type Graph = ReadonlyMap<string, readonly string[]>

/** One cycle for every knot of files that reach each other, as the path `a → b → a`. */
export function findCycles(graph: Graph): string[][] {
  return components(graph)
    .filter(
      ([first, ...others]) => first !== undefined && (others.length > 0 || graph.get(first)?.includes(first)),
    )
    .map((knot) => roundTrip(graph, knot))
}

function components(graph: Graph): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const done = new Set<string>()
  const found: string[][] = []
  const lowOf = (file: string): number => low.get(file) ?? Number.POSITIVE_INFINITY
  const visit = (file: string): void => {
    order.set(file, order.size)
    low.set(file, order.size - 1)
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next) || done.has(next)) continue
      if (!order.has(next)) visit(next)
      low.set(file, Math.min(lowOf(file), lowOf(next)))
    }
    if (low.get(file) !== order.get(file)) return
    const knot = stack.splice(stack.indexOf(file))
    for (const member of knot) done.add(member)
    found.push(knot)
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return found
}

/** The shortest way from the knot's first file back to itself. */
function roundTrip(graph: Graph, knot: readonly string[]): string[] {
  const start = knot.toSorted()[0] ?? ''
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const file of queue) {
    for (const next of graph.get(file) ?? []) {
      if (!knot.includes(next) || cameFrom.has(next)) continue
      cameFrom.set(next, file)
      queue.push(next)
    }
  }
  const path = [start]
  for (let at = cameFrom.get(start); at !== undefined && at !== start; at = cameFrom.get(at)) path.unshift(at)
  return [start, ...path]
}
