// The way to the server: a pool of connections, looks and units of work on them, and what one engine remembers.
// Promises that no call takes longer than it may (its connection is destroyed instead), that a unit that met another
// transaction is tried again as a whole, and that an error says truly whether anything may have been applied.

import { setTimeout as pause } from 'node:timers/promises'

import type { Hint } from '../../core/hot-verbs.ts'
import type { WorkerName } from '../sql/attempts.ts'
import { Policies } from '../sql/policies.ts'
import { Pool } from '../sql/pool.ts'
import { connect, PLANNING, type Answer, type Connection, type Param } from './connection.ts'
import {
  closedError,
  failureOf,
  isDuplicate,
  isLocked,
  isReadOnly,
  isTransient,
  timedOut,
} from './failure.ts'
import { nowOf, PgSession, Wording } from './session.ts'
import { Memory } from './memory.ts'

export interface StoreOptions {
  readonly url: string
  readonly schema: string
  /** What the server shows of the connections. */
  readonly name: string
  readonly bouncer: boolean
  readonly now: (() => number) | null
  readonly callTimeout: number
  /** Kept open. */
  readonly connections: number
  readonly maxOverflow: number
  readonly poolTimeout: number
  readonly changesKept: number
  /** What a statement is to tell other processes when it commits; null: nothing, they are told afterwards. */
  readonly announce: (hints: readonly Hint[]) => string | null
  readonly committed: (hints: readonly Hint[], announced?: boolean) => void
}

/** Tries of a unit that other transactions stand in the way of. */
const TRIES = 5
/** Longest wait for a row that another transaction holds, in ms; then the call is told. */
const LOCK_WAIT = 1_000

export class Store {
  readonly options: StoreOptions
  readonly wording: Wording
  readonly policies = new Policies()
  readonly memory = new Memory()
  readonly workers = new Map<number, WorkerName>()
  readonly pool: Pool<Connection>

  constructor(options: StoreOptions) {
    this.options = options
    this.wording = new Wording(options.schema)
    const { url, name, bouncer, callTimeout } = options
    this.pool = new Pool({
      open: () => connect({ url, name, direct: !bouncer, timeout: callTimeout }),
      size: options.connections,
      maxOverflow: options.maxOverflow,
      timeout: options.poolTimeout,
      closed: closedError,
    })
  }

  /** What is passed for engine time: the tests' clock, or null for the server's. */
  get now(): number | null {
    return this.options.now === null ? null : Math.floor(this.options.now())
  }

  /** Looks without a transaction: each statement sees what was committed before it. */
  read<R>(look: (session: PgSession) => Promise<R>): Promise<R> {
    return this.#using(async (link) => {
      const send = link.send.bind(link)
      const now = this.now ?? Number((await link.send(`SELECT ${nowOf('null')}`, [], false)).rows[0]?.[0])
      return look(new PgSession(send, this.wording, now))
    })
  }

  /** One statement that is a transaction of its own. A duplicate is the driver's own error: the caller knows of what. */
  async once(sql: string, params: readonly Param[]): Promise<Answer> {
    const text = this.wording.own(sql)
    for (let tries = 1; ; tries++) {
      try {
        return await this.#using((link, doubt) => {
          doubt.commit = true
          return this.options.bouncer
            ? sendAlone(link, text, params, this.options.callTimeout)
            : link.send(text, params, true)
        })
      } catch (error) {
        if (isDuplicate(error)) throw error
        await this.#mayRepeat(error, tries)
      }
    }
  }

  /** A unit of work: all of it is committed or nothing; its hints are told after the commit. */
  async write<R>(run: (unit: PgSession) => Promise<R>): Promise<R> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#using((link, doubt) => this.#unit(link, doubt, run))
      } catch (error) {
        await this.#mayRepeat(error, tries)
      }
    }
  }

  async close(): Promise<void> {
    await this.pool.close()
  }

  async #unit<R>(
    link: Connection,
    doubt: { commit: boolean },
    run: (unit: PgSession) => Promise<R>,
  ): Promise<R> {
    const limits = this.options.bouncer ? settingsOf(this.options.callTimeout) : ''
    const begun = link.send(`BEGIN; SET LOCAL lock_timeout = ${LOCK_WAIT}${limits}`, [], false)
    begun.catch(() => undefined)
    const known = this.now
    const now = known ?? Number((await link.send(`SELECT ${nowOf('null')}`, [], false)).rows[0]?.[0])
    const unit = new PgSession(link.send.bind(link), this.wording, now)
    let result: R
    try {
      await begun
      result = await run(unit)
    } catch (error) {
      await unit.settled().catch(() => undefined)
      if (!link.broken) await link.send('ROLLBACK', [], false)
      throw error
    }
    doubt.commit = true
    await unit.settled([link.send('COMMIT', [], false)])
    this.options.committed(unit.hints.list())
    return result
  }

  async #using<R>(run: (link: Connection, doubt: { commit: boolean }) => Promise<R>): Promise<R> {
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

  /** Waits a little before another try; throws what is not worth one. */
  async #mayRepeat(error: unknown, tries: number): Promise<void> {
    const again = isTransient(error) || isDuplicate(error)
    if (!again || tries >= TRIES) throw failureOf(error, false)
    await pause(Math.random() * 10 * 2 ** tries)
  }
}

/** Behind a bouncer nothing can be set for a connection: each transaction brings its settings along. */
function settingsOf(callTimeout: number): string {
  const settings = [...PLANNING, `statement_timeout=${callTimeout}`]
  return settings.map((setting) => `; SET LOCAL ${setting}`).join('')
}

/** The same for a single statement, in one message. */
async function sendAlone(
  link: Connection,
  text: string,
  params: readonly Param[],
  callTimeout: number,
): Promise<Answer> {
  const begun = link.send(`BEGIN${settingsOf(callTimeout)}`, [], false)
  const answer = link.send(text, params, false)
  const ended = link.send('COMMIT', [], false)
  await Promise.allSettled([begun, answer, ended])
  await begun
  const result = await answer
  await ended
  return result
}
