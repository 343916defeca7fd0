// Enqueue and settle inside a transaction of the caller, on the caller's own connection: what is enqueued is there if
// and only if the caller commits.
// Promises to accept nothing else than an open transaction on this very store, and to leave it usable when our part of
// it fails. Nothing of it is remembered: it may be rolled back.

import type { CallerTransaction } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import { callerConnection, type CallerSend } from './caller-connection.ts'
import { failureOf, sqlState } from './failure.ts'
import { nowOf, PgSession } from './session.ts'
import type { Store } from './store.ts'

const SAVEPOINT = 'windlass_part'

/**
 * Runs a part of the caller's transaction; the caller commits.
 * @throws WindlassError `invalid_option` for anything but an open transaction on this store
 */
export async function runInTransaction<R>(
  transaction: CallerTransaction,
  store: Store,
  instance: string,
  run: (unit: PgSession) => Promise<R>,
): Promise<R> {
  const send = await callerConnection(transaction)
  await begin(send)
  try {
    const now = store.now ?? Number((await send(`SELECT ${nowOf('null')}::text`)).rows[0]?.[0])
    await checkStore(send, store, instance)
    const unit = new PgSession((sql, params) => send(sql, params), store.wording, now)
    const result = await run(unit)
    await unit.settled()
    await send(`RELEASE SAVEPOINT ${SAVEPOINT}`)
    return result
  } catch (error) {
    await send(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`).catch(() => undefined)
    await send(`RELEASE SAVEPOINT ${SAVEPOINT}`).catch(() => undefined)
    throw failureOf(error, false)
  }
}

async function begin(send: CallerSend): Promise<void> {
  try {
    await send(`SAVEPOINT ${SAVEPOINT}`)
  } catch (error) {
    const state = sqlState(error)
    if (state === '25P01') throw refused('tx has no open transaction; begin one')
    if (state === '25P02') throw refused('tx has failed already; roll it back')
    throw failureOf(error, false)
  }
}

async function checkStore(send: CallerSend, store: Store, instance: string): Promise<void> {
  const name = store.wording.own('@store')
  const [known] = (await send('SELECT to_regclass($1) IS NOT NULL', [name])).rows
  const [row] =
    known?.[0] === true ? (await send(`SELECT value FROM ${name} WHERE key = 'instance'`)).rows : []
  if (row?.[0] !== instance) throw refused('tx is on another database than this store')
}

function refused(message: string): WindlassError {
  return new WindlassError('invalid_option', message, { applied: 'no' })
}
