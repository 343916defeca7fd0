// One SQLite connection with its prepared statements, kept by their text. Rows come back as arrays: much cheaper
// than objects, and every statement that is read by position stands beside its reader.
// Knows no table and no rule; replaces the prefix `windlass_` where a namespace has another one.

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'

export type Row = readonly SQLOutputValue[]
export type Param = SQLInputValue

const PREFIX = 'windlass_'
// SQLite plans a statement anew at each run where a LIMIT is a bare parameter: measured 18 µs instead of 4.
const BARE_LIMIT = /\bLIMIT \?/g

export class Connection {
  readonly db: DatabaseSync
  readonly #prefix: string
  readonly #statements = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, namespace: string) {
    this.db = db
    this.#prefix = `${namespace}_`
  }

  /** Runs statements that take and give nothing. */
  exec(sql: string): void {
    this.db.exec(this.#named(sql))
  }

  /** The first row, or undefined. */
  get(sql: string, ...params: Param[]): Row | undefined {
    return this.statement(sql).get(...params) as unknown as Row | undefined
  }

  all(sql: string, ...params: Param[]): Row[] {
    return this.statement(sql).all(...params) as unknown as Row[]
  }

  /** Answers how many rows were changed. */
  run(sql: string, ...params: Param[]): number {
    return Number(this.statement(sql).run(...params).changes)
  }

  /** The prepared statement of a text; `sql` must be one of a bounded number of texts. */
  statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const made = this.db.prepare(this.#named(sql).replaceAll(BARE_LIMIT, 'LIMIT +?'))
    made.setReturnArrays(true)
    this.#statements.set(sql, made)
    return made
  }

  #named(sql: string): string {
    return this.#prefix === PREFIX ? sql : sql.replaceAll(PREFIX, this.#prefix)
  }
}
