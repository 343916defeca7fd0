// What the portable verbs see of a server: statements with `?` for values and `@name` for tables, rows by position.
// A session reads one connection; inside a unit it is a transaction that is committed as a whole or not at all.
// How units begin, end and are tried again is the engine's business.

import type { HintNotes } from './hint-notes.ts'
import type { Row } from './task-row.ts'

export type Value = string | number | null

export interface SqlSession {
  /** Engine time, read once. */
  readonly now: number
  all(sql: string, params: readonly Value[]): Promise<readonly Row[]>
  /** Answers how many rows were changed. */
  run(sql: string, params: readonly Value[]): Promise<number>
}

/** A session inside a transaction; its hints are told after the commit. */
export interface SqlUnit extends SqlSession {
  readonly hints: HintNotes
}

/** `?, ?, ?` for as many values; of none, what no value is equal to. */
export function marks(count: number): string {
  return count === 0 ? 'NULL' : Array.from({ length: count }, () => '?').join(', ')
}
