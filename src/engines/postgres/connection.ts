// One connection to the server: statements in, rows by position out. Statements may be sent without waiting for the
// answers before (the driver pipelines them), so a whole transaction can be one round trip.
// Promises that whatever went wrong on the wire makes it broken for good, and that numbers come as numbers.

import type { Client, ClientConfig, QueryArrayConfig } from 'pg'

import { loadDriver } from '../../base/driver.ts'
import { whyUnreachable } from '../../base/unreachable.ts'
import { WindlassError } from '../../core/errors.ts'
import type { Link } from '../sql/pool.ts'
import type { Row } from '../sql/task-row.ts'
import { failureOf, isConnectionLost, isReadOnly, timedOut } from './failure.ts'

/** A value of a statement; arrays become arrays of the server. */
export type Param = string | number | null | readonly (string | number | null)[] | Buffer

export interface Answer {
  readonly rows: readonly Row[]
  /** Rows changed or answered. */
  readonly count: number
}

export interface ConnectionOptions {
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly name: string
  /** Statements may be prepared, and settings sent with the connect: not so behind a bouncer. */
  readonly direct: boolean
  /** Longest time that connecting, or one statement, may take. */
  readonly timeout: number
}

/** Types of the server whose text is a number. */
const NUMBERS = new Set([20, 21, 23, 26])

/**
 * A cached plan lives on when the table that it was made for has grown a thousandfold, and statistics come late: what is
 * right for few rows must not be chosen at all. Every statement of ours has an index to go by. What a plan is thought
 * to cost says little, so none is worth compiling (it took a claim of 1,000 from 12 ms to 1.2 s), nor making anew for
 * each call: left to itself the server plans every claim, which takes longer than to claim 100 tasks.
 */
export const PLANNING = [
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
] as const

/** How answers are read: numbers as numbers, everything else as its text. */
export const parsers = {
  getTypeParser: (oid: number) => (NUMBERS.has(oid) ? Number : oid === 16 ? isTrue : asText),
}

function isTrue(text: string): boolean {
  return text === 't'
}

function asText(text: string): string {
  return text
}

const names = new Map<string, string>()

/** A short name for each statement text, the same on every connection. */
function nameOf(sql: string): string {
  const known = names.get(sql)
  if (known !== undefined) return known
  const name = `windlass_${names.size}`
  names.set(sql, name)
  return name
}

export class Connection implements Link {
  readonly client: Client
  readonly #prepare: boolean
  #broken = false

  constructor(client: Client, prepare: boolean) {
    this.client = client
    this.#prepare = prepare
    client.on('error', () => (this.#broken = true))
    client.on('end', () => (this.#broken = true))
  }

  get broken(): boolean {
    return this.#broken
  }

  /**
   * Sends a statement; errors are the driver's own.
   * @param prepared it comes again and again in these very words: the server keeps it, where it may
   */
  async send(sql: string, params: readonly Param[], prepared: boolean): Promise<Answer> {
    try {
      const config: QueryArrayConfig = { text: sql, rowMode: 'array', types: parsers }
      if (params.length > 0) config.values = [...params]
      if (this.#prepare && prepared) config.name = nameOf(sql)
      const { rows, rowCount } = await this.client.query(config)
      return { rows: rows as Row[], count: rowCount ?? 0 }
    } catch (error) {
      if (isConnectionLost(error) || isReadOnly(error)) this.destroy()
      throw error
    }
  }

  destroy(): void {
    this.#broken = true
    socketOf(this.client)?.destroy()
  }

  async end(): Promise<void> {
    this.#broken = true
    await this.client.end().catch(() => undefined)
  }
}

/** The driver's own `end` waits for what is under way; a poisoned connection has to go now. */
function socketOf(client: Client): { destroy(): void } | null {
  const connection: unknown = Reflect.get(client, 'connection')
  if (typeof connection !== 'object' || connection === null) return null
  const stream: unknown = Reflect.get(connection, 'stream')
  return typeof stream === 'object' && stream !== null && 'destroy' in stream
    ? (stream as { destroy(): void })
    : null
}

/**
 * Connects.
 * @throws WindlassError `engine_unreachable`, `engine_busy` or `engine_driver_missing`, never with the address
 */
export async function connect({ url, name, direct, timeout }: ConnectionOptions): Promise<Connection> {
  const { default: pg } = await loadDriver('pg', () => import('pg'))
  const config: ClientConfig & { pipeline: boolean } = {
    connectionString: url,
    application_name: name,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    connectionTimeoutMillis: timeout,
    pipeline: true,
    ...(direct && {
      options: PLANNING.map((setting) => `-c ${setting}`).join(' '),
      statement_timeout: timeout,
      idle_in_transaction_session_timeout: Math.max(10_000, 2 * timeout),
    }),
  }
  let connection: Connection | null = null
  try {
    // Reads the files that the address names.
    const client = new pg.Client(config)
    connection = new Connection(client, direct)
    await client.connect()
    return connection
  } catch (error) {
    connection?.destroy()
    if (error instanceof Error && error.message.includes('timeout')) throw timedOut(timeout, false)
    throw unreachable(error)
  }
}

function unreachable(error: unknown): WindlassError {
  const failure = failureOf(error, false)
  if (failure.detail['sqlstate'] !== null) return failure
  return new WindlassError('engine_unreachable', `the server cannot be reached (${whyUnreachable(error)})`, {
    cause: error,
    applied: 'no',
  })
}
