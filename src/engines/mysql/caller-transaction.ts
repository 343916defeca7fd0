// Enqueue and settle inside a transaction of the caller, on the caller's own connection of mysql2: what is enqueued is
// there if and only if the caller commits.
// Promises to accept nothing else than an open transaction on this very store, to leave it usable when our part of it
// fails, and to lock no gaps, whatever its isolation is: nobody is to wait for the caller's commit who has nothing to do
// with these tasks. Nothing of it is remembered: it may be rolled back.

import type { CallerTransaction } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import type { Value } from '../sql/session.ts'
import type { Row } from '../sql/task-row.ts'
import type { Home } from '../sql/workspace.ts'
import { answerOf, wordsWith, type Answer } from './connection.ts'
import { failureOf, serverError, StaleUnit } from './failure.ts'
import { checkBorn, MySession, SERVER_NOW, type Send } from './session.ts'
import { sql, words, type Statement } from './statement.ts'
import { tellUnit, type Store } from './store.ts'

const SAVEPOINT = words('SAVEPOINT windlass_part')
const RELEASE = words('RELEASE SAVEPOINT windlass_part')
const BACK = words('ROLLBACK TO SAVEPOINT windlass_part')
const NO_SAVEPOINT = 1305

type Asking = (options: {
  readonly sql: string
  readonly values: unknown[]
  readonly rowsAsArray: true
  readonly typeCast: true
  readonly decimalNumbers: true
}) => Promise<unknown>

/** A session on the caller's connection: what it may lock is looked for on one of ours first. */
class CallerSession extends MySession {
  override readonly isSnapshot = true
  readonly #store: Store
  readonly #ask: Send

  constructor(send: Send, now: number, store: Store) {
    super(send, now)
    this.#ask = send
    this.#store = store
  }

  override lockable(home: Home, ids: readonly string[]): Promise<readonly string[]> {
    return this.#existing(sql`${words(`SELECT id FROM @${home}`)} WHERE id IN (${ids})`)
  }

  override async unheld(keys: readonly string[]): Promise<readonly string[]> {
    const held = new Set(await this.#existing(sql`SELECT \`key\` FROM @holders WHERE \`key\` IN (${keys})`))
    return keys.filter((key) => !held.has(key))
  }

  /** What the caller's snapshot does not show counts too: the largest numbers come last, and stand. */
  override async all(text: string, params: readonly Value[]): Promise<readonly Row[]> {
    const own = await super.all(text, params)
    const committed = await this.#store.read((look) => look.all(text, params))
    return [...own, ...committed].toSorted((a, b) => Number(a.at(-1)) - Number(b.at(-1)))
  }

  /** What the caller sees comes first, then what is so by now. */
  override async looks(statements: readonly Statement[]): Promise<Answer[]> {
    if (statements.length === 0) return []
    const own = await this.queries(statements)
    const committed = await this.#store.once(...statements)
    return own.map((answer, i) => ({ ...answer, rows: [...answer.rows, ...(committed[i]?.rows ?? [])] }))
  }

  /** Drawn beside the transaction: nobody who tidies up numbers is to wait for it. */
  override draw(statements: readonly Statement[]): Promise<Answer[]> {
    return this.#store.once(...statements)
  }

  /** As the caller sees it, and as it is by now. */
  async #existing(statement: Statement): Promise<string[]> {
    const [own] = await this.#ask([statement])
    const [committed] = await this.#store.once(statement)
    const rows = [...(own?.rows ?? []), ...(committed?.rows ?? [])]
    return [...new Set(rows.map(([key]) => key as string))]
  }
}

/**
 * Runs a part of the caller's transaction; the caller commits.
 * @throws WindlassError `invalid_option` for anything but an open transaction on this store
 */
export async function runInTransaction<R>(
  transaction: CallerTransaction,
  store: Store,
  instance: string,
  run: (unit: MySession) => Promise<R>,
): Promise<R> {
  const send = senderOf(transaction, store.options.prefix)
  await begin(send)
  try {
    await checkSession(send, store, instance)
    const [clock] = store.now === null ? await send([words(`SELECT ${SERVER_NOW}`)]) : []
    const unit = new CallerSession(send, store.now ?? Number(clock?.rows[0]?.[0]), store)
    const result = await run(unit)
    tellUnit(unit, unit.hints.list())
    await unit.queries([])
    if (!(await checkBorn(unit))) throw new StaleUnit()
    await send([RELEASE])
    return result
  } catch (error) {
    await send([BACK, RELEASE]).catch(() => undefined)
    throw failureOf(error, false)
  }
}

/** A savepoint outlives its statement in a transaction only. */
async function begin(send: Send): Promise<void> {
  try {
    await send([SAVEPOINT, RELEASE])
    await send([SAVEPOINT])
  } catch (error) {
    if (serverError(error) === NO_SAVEPOINT) throw refused('tx has no open transaction; begin one')
    throw failureOf(error, false)
  }
}

/** The values that travel are safe, and nothing is cut, in sessions that are set up like ours in these two ways. */
async function checkSession(send: Send, store: Store, instance: string): Promise<void> {
  const table = `${store.options.prefix}store`
  const [settings, known] = await send([
    words('SELECT @@sql_mode, @@character_set_client, @@character_set_connection'),
    sql`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ${table}`,
  ])
  const [mode, ...charsets] = (settings?.rows[0] ?? []).map(String)
  if (mode?.includes('NO_BACKSLASH_ESCAPES') === true)
    throw refused('tx has the sql_mode NO_BACKSLASH_ESCAPES, with which values cannot be written safely')
  if (mode?.includes('STRICT_') !== true)
    throw refused('tx has no strict sql_mode, without which texts may be cut')
  if (!charsets.every((charset) => charset === 'utf8mb4'))
    throw refused('tx speaks another charset than utf8mb4')
  const own =
    known?.rows[0]?.[0] === 1 ? await send([words("SELECT value FROM @store WHERE `key` = 'instance'")]) : []
  if (own[0]?.rows[0]?.[0] !== instance) throw refused('tx is on another database than this store')
}

/** One statement at a time: the caller's connection may take no more. */
function senderOf(transaction: CallerTransaction, prefix: string): Send {
  const ask = askingOf(transaction)
  return async (statements) => {
    const answers: Answer[] = []
    for (const { text, values } of statements) {
      answers.push(
        answerOf(
          await ask({
            sql: wordsWith(prefix, text),
            values: [...values],
            rowsAsArray: true,
            typeCast: true,
            decimalNumbers: true,
          }),
        ),
      )
    }
    return answers
  }
}

/** Connections of mysql2 come in two kinds: with callbacks and with promises. */
function askingOf(value: object): Asking {
  const [query, execute] = [method(value, 'query'), method(value, 'execute')]
  if (query === null || execute === null || method(value, 'getConnection') !== null)
    throw refused('tx is no connection of `mysql2`, nor a transaction of a known library')
  if (method(value, 'promise') === null)
    return async (options) => ((await query.call(value, options)) as [unknown])[0]
  return (options) =>
    new Promise((resolve, reject) => {
      query.call(value, options, (error: Error | null, result: unknown) =>
        error === null ? resolve(result) : reject(error),
      )
    })
}

function method(value: object, name: string): ((...args: unknown[]) => unknown) | null {
  const found: unknown = Reflect.get(value, name)
  return typeof found === 'function' ? (found as (...args: unknown[]) => unknown) : null
}

function refused(message: string): WindlassError {
  return new WindlassError('invalid_option', message, { applied: 'no' })
}
