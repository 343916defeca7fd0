// A connection as the verbs see it: engine time, portable statements (session.ts of the SQL kernel) and the server's
// own. Inside a unit, statements may be sent without waiting for their answers; the commit waits for all of them.
// Leaves when a unit begins and ends to store.ts.

import { HintNotes } from '../sql/hint-notes.ts'
import type { SqlUnit, Value } from '../sql/session.ts'
import type { Row } from '../sql/task-row.ts'
import type { Answer, Param } from './connection.ts'
import { isAftermath } from './failure.ts'

export type Send = (sql: string, params: readonly Param[], prepared: boolean) => Promise<Answer>

/** Engine time as an expression over a nullable parameter: what a test says, or the server's clock. */
export function nowOf(parameter: string): string {
  return `coalesce(${parameter}::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`
}

/** Replaces `@table` by the schema's, and `?` by numbered parameters. */
export class Wording {
  readonly #schema: string
  readonly #known = new Map<string, string>()

  constructor(schema: string) {
    this.#schema = schema
  }

  /** A statement with `$1`, which is said again and again in the same words. */
  own(sql: string): string {
    const known = this.#known.get(sql)
    if (known !== undefined) return known
    const text = sql.replace(/@(\w+)/g, `${this.#schema}.$1`)
    this.#known.set(sql, text)
    return text
  }

  /** A portable statement. */
  portable(sql: string): string {
    let n = 0
    return sql.replace(/@(\w+)/g, `${this.#schema}.$1`).replace(/\?/g, () => `$${++n}`)
  }
}

export class PgSession implements SqlUnit {
  readonly now: number
  readonly hints = new HintNotes()
  readonly #send: Send
  readonly #wording: Wording
  #sent: Promise<Answer>[] = []

  constructor(send: Send, wording: Wording, now: number) {
    this.#send = send
    this.#wording = wording
    this.now = now
  }

  async all(sql: string, params: readonly Value[]): Promise<readonly Row[]> {
    const { rows } = await this.#send(this.#wording.portable(sql), params, false)
    return rows
  }

  async run(sql: string, params: readonly Value[]): Promise<number> {
    const { count } = await this.#send(this.#wording.portable(sql), params, false)
    return count
  }

  /** One of the server's own statements, kept prepared where that can be. */
  query(sql: string, params: readonly Param[]): Promise<Answer> {
    return this.#send(this.#wording.own(sql), params, true)
  }

  /** The same without waiting for the answer; the commit waits. */
  later(sql: string, params: readonly Param[]): void {
    const answer = this.query(sql, params)
    answer.catch(() => undefined)
    this.#sent.push(answer)
  }

  /** Waits for what was sent; throws the error that came first. */
  async settled(last: readonly Promise<Answer>[] = []): Promise<void> {
    const sent = [...this.#sent, ...last]
    this.#sent = []
    const results = await Promise.allSettled(sent)
    const failed = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as Error)
    const first = failed.find((error) => !isAftermath(error)) ?? failed[0]
    if (first !== undefined) throw first
  }
}
