// One connection to the server: statements in, rows by position out. Several statements travel as one message, so a
// whole transaction can be a round trip or two. The session's settings are the engine's, whatever the server's are.
// Promises that whatever went wrong on the wire makes it broken for good, and that keys come as texts.

import type { Connection as Client, ConnectionOptions as ClientOptions, QueryError } from 'mysql2'

import { loadDriver } from '../../base/driver.ts'
import { whyUnreachable } from '../../base/unreachable.ts'
import { WindlassError } from '../../core/errors.ts'
import type { Link } from '../sql/pool.ts'
import type { Row } from '../sql/task-row.ts'
import type { Server } from './address.ts'
import { dialectOf, type Dialect } from './dialect.ts'
import { failureOf, isConnectionLost, isReadOnly, serverError, timedOut } from './failure.ts'
import type { Statement } from './statement.ts'

export interface Answer {
  readonly rows: readonly Row[]
  /** Rows that were changed, or would have been had they not been so already. */
  readonly count: number
  /** Number that was drawn for the row inserted. */
  readonly drawn: number
}

export interface ConnectionOptions {
  readonly server: Server
  /** Shown by the server where it keeps attributes of connections. */
  readonly name: string
  /** Longest time that connecting, or one statement, may take. */
  readonly timeout: number
  /** The way to the tables of a namespace: each `@name` becomes one. */
  readonly prefix: string
}

/** Longest wait for a row that another transaction holds, in s; then the call is told. */
const LOCK_WAIT = 1
/** A connection that rested for so long is not used again: the server may have given it up. In ms. */
const REST = 200_000
/** How long a good-bye may take. In ms. */
const FAREWELL = 300
/** Room for what surrounds the statements of a message. */
const ENVELOPE = 1_024

export class Connection implements Link {
  readonly dialect: Dialect
  readonly #client: Client
  readonly #prefix: string
  /** Bytes that a message may have. */
  readonly #most: number
  readonly #texts = new Map<string, string>()
  #broken = false
  #usedAt = performance.now()

  constructor(client: Client, dialect: Dialect, prefix: string, most: number) {
    this.#client = client
    this.dialect = dialect
    this.#prefix = prefix
    this.#most = most - ENVELOPE
    const lost = (): void => {
      this.#broken = true
    }
    client.on('error', lost)
    client.on('end', lost)
  }

  get broken(): boolean {
    if (!this.#broken && performance.now() - this.#usedAt > REST) this.destroy()
    return this.#broken
  }

  /** Sends statements, in as few messages as the server allows; errors are the driver's own. None follows a failed one. */
  async send(statements: readonly Statement[]): Promise<Answer[]> {
    const answers: Answer[] = []
    let texts: string[] = []
    let bytes = 0
    for (const { text, values } of statements) {
      const whole = this.#client.format(this.#worded(text), [...values])
      const size = Buffer.byteLength(whole) + 1
      if (size > this.#most) throw tooLarge(this.#most)
      if (bytes + size > this.#most) {
        answers.push(...(await this.#message(texts)))
        texts = []
        bytes = 0
      }
      texts.push(whole)
      bytes += size
    }
    return [...answers, ...(await this.#message(texts))]
  }

  destroy(): void {
    this.#broken = true
    streamOf(this.#client)?.destroy()
  }

  async end(): Promise<void> {
    this.#broken = true
    let late: NodeJS.Timeout | undefined
    await new Promise((resolve) => {
      this.#client.end(resolve)
      // A server that says nothing does not say good-bye either, and its socket would keep this process alive.
      late = setTimeout(resolve, FAREWELL)
    })
    clearTimeout(late)
    streamOf(this.#client)?.destroy()
  }

  #worded(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#texts.size >= 2_000) this.#texts.clear()
    const worded = wordsWith(this.#prefix, text)
    this.#texts.set(text, worded)
    return worded
  }

  async #message(texts: readonly string[]): Promise<Answer[]> {
    if (texts.length === 0) return []
    try {
      const results = await ask(this.#client, texts.join(';\n'))
      this.#usedAt = performance.now()
      return (texts.length === 1 ? [results] : (results as unknown[])).map(answerOf)
    } catch (error) {
      if (isConnectionLost(error) || isReadOnly(error)) this.destroy()
      throw error
    }
  }
}

/** Each `@name` as a table of a namespace; `@@name` is a variable of the server. */
export function wordsWith(prefix: string, text: string): string {
  return text.replace(/(?<!@)@(\w+)/g, `${prefix}$1`)
}

function ask(client: Client, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.query(text, (error: QueryError | null, results: unknown) => {
      if (error === null) resolve(results)
      else reject(error)
    })
  })
}

/** What the driver answers for one statement, rows by position, as we read it. */
export function answerOf(result: unknown): Answer {
  if (Array.isArray(result)) {
    const rows = result as unknown[][]
    for (const row of rows) readKeys(row)
    return { rows, count: rows.length, drawn: 0 }
  }
  const { affectedRows = 0, insertId = 0 } = result as { affectedRows?: number; insertId?: number }
  return { rows: [], count: affectedRows, drawn: insertId }
}

/** Keys are kept as bytes, so that nothing but equal ones are equal. */
function readKeys(row: unknown[]): void {
  for (let i = 0; i < row.length; i++) {
    const value = row[i]
    if (value instanceof Uint8Array)
      row[i] = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  }
}

function tooLarge(most: number): WindlassError {
  return new WindlassError(
    'invalid_option',
    `a text is larger than the server takes: ${most} bytes (max_allowed_packet)`,
    { applied: 'no' },
  )
}

/** The driver's own end waits for what is under way; a poisoned connection has to go now, and its calls be told. */
function streamOf(client: Client): { destroy(): void } | null {
  const stream: unknown = Reflect.get(client, 'stream')
  return typeof stream === 'object' && stream !== null && 'destroy' in stream
    ? (stream as { destroy(): void })
    : null
}

/**
 * Connects.
 * @throws WindlassError `engine_unreachable`, `engine_busy`, `engine_too_old` or `engine_driver_missing`, never with
 *   the address
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { default: mysql } = await loadDriver('mysql2', () => import('mysql2'))
  const client = mysql.createConnection(clientOptions(options))
  client.on('error', () => undefined)
  const timer = setTimeout(() => streamOf(client)?.destroy(), options.timeout)
  const since = performance.now()
  try {
    await new Promise<void>((resolve, reject) => {
      client.connect((error) => (error === null ? resolve() : reject(error)))
    })
    return await setUp(client, options)
  } catch (error) {
    streamOf(client)?.destroy()
    if (performance.now() - since >= options.timeout) throw timedOut(options.timeout, false)
    throw unreachable(error)
  } finally {
    clearTimeout(timer)
  }
}

function clientOptions({ server, name, timeout }: ConnectionOptions): ClientOptions {
  const { host, port, user, password, database, socket, ssl } = server
  return {
    ...(socket === null ? { host, port } : { socketPath: socket }),
    user,
    password,
    database,
    ...(ssl !== 'off' && { ssl: { rejectUnauthorized: ssl === 'verify', verifyIdentity: ssl === 'verify' } }),
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    connectTimeout: timeout,
    enableKeepAlive: true,
    keepAliveInitialDelay: 5_000,
    // Several statements in a message: their texts are fixed, and the driver writes the values (statement.ts).
    multipleStatements: true,
    rowsAsArray: true,
    decimalNumbers: true,
    connectAttributes: { program_name: name },
  }
}

/** Engine-wide words of a session: strict, so that nothing is cut; one quote and one escape, so that values are values. */
const SETTINGS = [
  "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
  "time_zone = '+00:00'",
  'autocommit = 1',
  `innodb_lock_wait_timeout = ${LOCK_WAIT}`,
]

async function setUp(client: Client, { timeout, prefix }: ConnectionOptions): Promise<Connection> {
  const results = (await ask(
    client,
    `SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
     SET SESSION ${SETTINGS.join(', ')}; SELECT VERSION(), @@max_allowed_packet`,
  )) as unknown[]
  const [version, most] = answerOf(results[2]).rows[0] ?? []
  const dialect = dialectOf(String(version))
  await ask(client, `SET SESSION ${dialect.settings(timeout).join(', ')}`)
  return new Connection(client, dialect, prefix, Number(most))
}

function unreachable(error: unknown): WindlassError {
  const failure = failureOf(error, false)
  if (error instanceof WindlassError || serverError(error) !== null) return failure
  return new WindlassError('engine_unreachable', `the server cannot be reached (${whyUnreachable(error)})`, {
    cause: error,
    applied: 'no',
  })
}
