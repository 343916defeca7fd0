// What an engine tells of itself and of its server when it is examined: plain numbers, judged elsewhere (`windlass
// doctor`). Promises nothing about health and holds no secret. A part that an engine does not have, or may not see with
// the rights it was given, is null.

export interface EngineFacts {
  /** As people call it: `PostgreSQL`, `MariaDB`, `Valkey`. */
  readonly product: string
  readonly version: string
  /** The oldest version that is supported. */
  readonly oldest: string
  /** Connections that the server has, of everybody, and takes at most. */
  readonly connections: { readonly used: number; readonly limit: number } | null
  /** Connections of this engine object: what it takes at most, uses now, and calls that wait for one. */
  readonly pool: { readonly most: number; readonly inUse: number; readonly waiting: number } | null
  /** The transaction that has been open longest where our tables are: its age in ms, and whose it is. */
  readonly transaction: { readonly age: number; readonly who: string } | null
  /** Rows of our tables: those that count, and those that only wait to be cleaned away. */
  readonly rows: { readonly live: number; readonly dead: number } | null
  /** Bytes in use, the limit where there is one, and what is thrown away at the limit. */
  readonly memory: { readonly used: number; readonly limit: number | null; readonly eviction: string } | null
}

/** Facts of a product of which nothing else is known. */
export function plainFacts(product: string, version: string, oldest: string): EngineFacts {
  const nothing = { connections: null, pool: null, transaction: null, rows: null, memory: null }
  return { product, version, oldest, ...nothing }
}
