// A connection as the verbs see it: engine time, portable statements (session.ts of the SQL kernel) and the engine's
// own. Statements whose answer nobody waits for are kept and travel with the next one that is waited for, at the latest
// with the commit. Leaves when a unit begins and ends to store.ts.

import type { FeedNotes } from '../sql/feed-notes.ts'
import { HintNotes } from '../sql/hint-notes.ts'
import type { SqlUnit, Value } from '../sql/session.ts'
import type { Row } from '../sql/task-row.ts'
import type { Home } from '../sql/workspace.ts'
import type { Answer } from './connection.ts'
import { sql, type Statement } from './statement.ts'

export type Send = (statements: readonly Statement[]) => Promise<Answer[]>

/** Engine time as the server has it, in ms, whatever the time zone of the session is. */
export const SERVER_NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000"

/** Words of portable statements that are names there and reserved here. Keywords are in capitals there. */
const RESERVED = /(?<![\w`])(key|rank)(?![\w`])/g
const portable = new Map<string, string>()

function portableText(text: string): string {
  const known = portable.get(text)
  if (known !== undefined) return known
  if (portable.size >= 2_000) portable.clear()
  const worded = text.replace(RESERVED, '`$1`')
  portable.set(text, worded)
  return worded
}

export class MySession implements SqlUnit {
  readonly now: number
  readonly hints = new HintNotes()
  /** Looks without locks may show an older moment than this one. */
  readonly isSnapshot: boolean = false
  /** What the unit tells the feed of changes. */
  told: FeedNotes | null = null
  /** Ids that callers chose for tasks of this unit. */
  readonly chosen = new Set<string>()
  /** Those of them that it has inserted: they are looked up once more before the commit (CONTRACT rule 16). */
  readonly born: string[] = []
  readonly #send: Send
  #kept: Statement[]

  /** @param first goes before everything else, with the first message */
  constructor(send: Send, now: number, first: readonly Statement[] = []) {
    this.#send = send
    this.now = now
    this.#kept = [...first]
  }

  async all(text: string, params: readonly Value[]): Promise<readonly Row[]> {
    const { rows } = await this.query({ text: portableText(text), values: params })
    return rows
  }

  async run(text: string, params: readonly Value[]): Promise<number> {
    const { count } = await this.query({ text: portableText(text), values: params })
    return count
  }

  /** One of the engine's own statements, after all that were kept. */
  async query(statement: Statement): Promise<Answer> {
    const [answer] = await this.queries([statement])
    if (answer === undefined) throw new Error('a statement was not answered')
    return answer
  }

  /**
   * Those of the ids that may be locked. A look that locks and finds nothing locks the gap instead, where a transaction
   * is not read committed; ours are.
   */
  lockable(_home: Home, ids: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(ids)
  }

  /** Those of the unique keys that may have no row yet. */
  unheld(keys: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(keys)
  }

  /** Looks without locks at what is there by now. */
  looks(statements: readonly Statement[]): Promise<Answer[]> {
    return statements.length === 0 ? Promise.resolve([]) : this.queries(statements)
  }

  /** Draws numbers, which stay drawn whatever becomes of the unit. */
  draw(statements: readonly Statement[]): Promise<Answer[]> {
    return this.queries(statements)
  }

  /** Several at once; the answers in their order. */
  async queries(statements: readonly Statement[]): Promise<Answer[]> {
    const kept = this.#kept
    this.#kept = []
    if (kept.length + statements.length === 0) return []
    return (await this.#send([...kept, ...statements])).slice(kept.length)
  }

  /** Keeps a statement for the next message. */
  later(statement: Statement): void {
    this.#kept.push(statement)
  }
}

/** Answers whether an id of those that a unit has inserted was finished or buried meanwhile: then it begins anew. */
export async function checkBorn(unit: MySession): Promise<boolean> {
  if (unit.born.length === 0) return true
  const ids = unit.born
  const { rows } = await unit.query(
    sql`SELECT 1 FROM @finished WHERE id IN (${ids}) UNION ALL SELECT 1 FROM @tombstones WHERE id IN (${ids}) LIMIT 1`,
  )
  return rows.length === 0
}
