// The way to the server: a pool of connections, looks and units of work on them, and what one engine remembers.
// Promises that no call takes longer than it may (its connection is destroyed instead), that a unit that met another
// transaction is rolled back and tried again as a whole, and that an error says truly whether anything may have been
// applied.

import { setTimeout as pause } from 'node:timers/promises'

import type { Hint } from '../../core/hot-verbs.ts'
import type { WorkerName } from '../sql/attempts.ts'
import { Policies } from '../sql/policies.ts'
import { Pool } from '../sql/pool.ts'
import type { Server } from './address.ts'
import { connect, type Answer, type Connection } from './connection.ts'
import {
  closedError,
  failureOf,
  isConnectionLost,
  isDuplicate,
  isLocked,
  isReadOnly,
  isTransient,
  StaleUnit,
  timedOut,
} from './failure.ts'
import { Memory } from './memory.ts'
import { newsOf } from './news.ts'
import { checkBorn, MySession, SERVER_NOW } from './session.ts'
import { expression, sql, words, type Expression, type Statement } from './statement.ts'

export interface StoreOptions {
  readonly server: Server
  /** What the names of all tables begin with. */
  readonly prefix: string
  /** What the server shows of the connections. */
  readonly name: string
  readonly now: (() => number) | null
  readonly callTimeout: number
  /** Kept open. */
  readonly connections: number
  readonly maxOverflow: number
  readonly poolTimeout: number
  readonly changesKept: number
  readonly committed: (hints: readonly Hint[]) => void
}

/** Tries of a unit that other transactions stand in the way of. */
const TRIES = 8
/** How often a unit waits for a lock, as long as the server waits each time. */
const WAITS = 3
export const BEGIN: Statement = words('START TRANSACTION')
export const COMMIT: Statement = words('COMMIT')
const ROLLBACK: Statement = words('ROLLBACK')
const NOW: Statement = words(`SELECT ${SERVER_NOW}`)
const CLOCK = expression(SERVER_NOW)

/** What a hand-written transaction says about its progress. */
export interface Doubt {
  /** A commit may be on its way. */
  commit: boolean
}

/** Sends one message of a transaction. */
export type Ask = (...statements: readonly Statement[]) => Promise<Answer[]>

export class Store {
  readonly options: StoreOptions
  readonly policies = new Policies()
  readonly memory = new Memory()
  readonly workers = new Map<number, WorkerName>()
  readonly pool: Pool<Connection>

  constructor(options: StoreOptions) {
    this.options = options
    const { server, name, callTimeout, prefix } = options
    this.pool = new Pool({
      open: () => connect({ server, name, timeout: callTimeout, prefix }),
      size: options.connections,
      maxOverflow: options.maxOverflow,
      timeout: options.poolTimeout,
      closed: closedError,
    })
  }

  /** The tests' clock; null: the server's counts. */
  get now(): number | null {
    return this.options.now === null ? null : Math.floor(this.options.now())
  }

  /** Engine time as a part of a statement. */
  get clock(): number | Expression {
    return this.now ?? CLOCK
  }

  /** Looks without a transaction: each statement sees what was committed before it. */
  read<R>(look: (session: MySession, link: Connection) => Promise<R>): Promise<R> {
    return this.#using(async (link) => {
      const now = this.now ?? (await readNow(link, []))
      return look(new MySession((statements) => link.send(statements), now), link)
    })
  }

  /** Statements each of which is a transaction of its own, in one message. */
  async once(...statements: readonly Statement[]): Promise<Answer[]> {
    return this.#again(() =>
      this.#using((link, doubt) => {
        doubt.commit = true
        return link.send(statements)
      }),
    )
  }

  /**
   * A unit of work: all of it is committed or nothing; its hints are told after the commit.
   * @param waits how often it may wait for a lock of somebody else until the call is told
   */
  write<R>(run: (unit: MySession) => Promise<R>, waits: number = WAITS): Promise<R> {
    return this.#again(() => this.#using((link, doubt) => this.#unit(link, doubt, run)), { waits })
  }

  /**
   * A transaction whose messages are written by hand, its own BEGIN and COMMIT among them. What fails in between is
   * rolled back; `run` sets the doubt before it sends a commit. A duplicate is the driver's own error.
   */
  transact<R>(run: (ask: Ask, doubt: Doubt) => Promise<R>): Promise<R> {
    return this.#again(
      () =>
        this.#using(async (link, doubt) => {
          try {
            return await run((...statements) => link.send(statements), doubt)
          } catch (error) {
            await undo(link, error)
            throw error
          }
        }),
      { duplicates: false },
    )
  }

  async close(): Promise<void> {
    await this.pool.close()
  }

  async #unit<R>(link: Connection, doubt: Doubt, run: (unit: MySession) => Promise<R>): Promise<R> {
    try {
      const known = this.now
      const now = known ?? (await readNow(link, [BEGIN]))
      const send = (statements: readonly Statement[]): Promise<Answer[]> => link.send(statements)
      const unit = new MySession(send, now, known === null ? [] : [BEGIN])
      const result = await run(unit)
      if (!(await checkBorn(unit))) throw new StaleUnit()
      const hints = unit.hints.list()
      tellUnit(unit, hints)
      doubt.commit = true
      await unit.queries([COMMIT])
      this.options.committed(hints)
      return result
    } catch (error) {
      await undo(link, error)
      throw error
    }
  }

  async #using<R>(run: (link: Connection, doubt: Doubt) => Promise<R>): Promise<R> {
    const link = await this.pool.take()
    const { callTimeout } = this.options
    const doubt = { commit: false }
    let late = false
    const timer = setTimeout(() => {
      late = true
      link.destroy()
    }, callTimeout)
    try {
      return await run(link, doubt)
    } catch (error) {
      if (late) throw timedOut(callTimeout, doubt.commit)
      if (isReadOnly(error)) this.pool.drop()
      if (isTransient(error) || isDuplicate(error) || isLocked(error)) throw error
      throw failureOf(error, doubt.commit)
    } finally {
      clearTimeout(timer)
      this.pool.give(link)
    }
  }

  /** Tries again what other transactions stood in the way of, after a moment. */
  async #again<R>(run: () => Promise<R>, { waits = WAITS, duplicates = true } = {}): Promise<R> {
    let waited = 0
    for (let tries = 1; ; tries++) {
      try {
        return await run()
      } catch (error) {
        if (isDuplicate(error) && !duplicates) throw error
        const locked = isLocked(error)
        if (locked) waited++
        const again = locked ? waited < waits : isTransient(error) || isDuplicate(error)
        if (!again || tries >= TRIES) throw failureOf(error, false)
        await pause(Math.random() * 5 * 2 ** Math.min(tries, 5))
      }
    }
  }
}

/** Rolls back what is still open: a server that gave up waiting for a lock has undone the one statement only. */
async function undo(link: Connection, error: unknown): Promise<void> {
  if (link.broken || isConnectionLost(error)) return
  // What cannot be undone is undone by the server, when the connection ends.
  await link.send([ROLLBACK]).catch(() => link.destroy())
}

async function readNow(link: Connection, before: readonly Statement[]): Promise<number> {
  const answers = await link.send([...before, NOW])
  return Number(answers.at(-1)?.rows[0]?.[0])
}

/** What a unit has to tell, in one line. */
export function tellUnit(unit: MySession, hints: readonly Hint[]): void {
  const count = unit.told?.count ?? 0
  if (count + hints.length > 0) unit.later(tellOf(unit.now, count, unit.told?.pack() ?? '[]', hints))
}

/** Appends to the feed of changes. Who polls for news looks there, so what no change tells is a line without changes. */
export function tellOf(
  now: number | Expression,
  count: number,
  items: string,
  hints: readonly Hint[],
): Statement {
  return sql`INSERT INTO @fresh (at, count, items, news) VALUES (${now}, ${count}, ${items}, ${newsOf(hints)})`
}
