// Enqueue and settle inside a transaction of the caller, on the caller's own connection to the same file: what is
// enqueued is there if and only if the caller commits.
// Promises to accept nothing else than an open transaction of node:sqlite on this very database, and to leave the
// caller's transaction usable when our part of it fails. Nothing of it is remembered: it may be rolled back.

import { realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import type { CallerTransaction } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import { Caches } from './caches.ts'
import { Connection } from './connection.ts'
import { failureOf } from './failure.ts'
import { Unit } from './unit.ts'

const SAVEPOINT = 'windlass_part'

/** The store that the caller's connection has to be on. */
export interface OwnStore {
  /** Real path of the file; null: in memory, where no other connection can be. */
  readonly path: string | null
  readonly namespace: string
  readonly now: number
  readonly changesKept: number
}

const connections = new WeakMap<DatabaseSync, Map<string, Connection>>()

/**
 * Runs a part of the caller's transaction; the caller commits.
 * @throws WindlassError `invalid_option` for anything but an open transaction on the store's file
 */
export function runInTransaction<R>(
  transaction: CallerTransaction,
  store: OwnStore,
  run: (unit: Unit) => R,
): R {
  const connection = connectionOf(transaction, store)
  connection.run(`SAVEPOINT ${SAVEPOINT}`)
  try {
    const unit = new Unit(connection, new Caches(store.changesKept), store.now)
    const result = run(unit)
    unit.close()
    connection.run(`RELEASE ${SAVEPOINT}`)
    return result
  } catch (error) {
    // SQLite may have rolled back the whole transaction by itself.
    if (connection.db.isTransaction) {
      connection.run(`ROLLBACK TO ${SAVEPOINT}`)
      connection.run(`RELEASE ${SAVEPOINT}`)
    }
    throw failureOf(error)
  }
}

function connectionOf(transaction: CallerTransaction, { path, namespace }: OwnStore): Connection {
  if (!(transaction instanceof DatabaseSync)) throw refused('tx is a DatabaseSync of node:sqlite')
  if (!transaction.isOpen || !transaction.isTransaction) {
    throw refused('tx has no open transaction; begin one with BEGIN IMMEDIATE')
  }
  const location = transaction.location()
  if (path === null || location === null || realpathSync(location) !== path) {
    throw refused('tx is on another database than this store')
  }
  const known = connections.get(transaction) ?? new Map<string, Connection>()
  connections.set(transaction, known)
  const connection = known.get(namespace) ?? new Connection(transaction, namespace)
  known.set(namespace, connection)
  return connection
}

function refused(message: string): WindlassError {
  return new WindlassError('invalid_option', message, { applied: 'no' })
}
