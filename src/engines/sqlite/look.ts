// Read verbs: one consistent look at the store in a read transaction, without the write lock.

import type { View } from './view.ts'

/** Runs `look` on one state of the store; throws SQLite's own error when another connection's lock refuses it. */
export function lookOnce<R>(view: View, look: (view: View) => R): R {
  const { connection } = view
  connection.run('BEGIN')
  try {
    return look(view)
  } finally {
    if (connection.db.isTransaction) connection.run('COMMIT')
  }
}
