// Backup and restore by engine URL. Only an embedded store has them here; servers have tools of their own that know
// their logs, roles and replicas, and the refusal names them (docs/adr/0008-backup.md).

import { WindlassError } from '../core/errors.ts'
import type { Restored, StoreCopy } from './sqlite/backup.ts'

/** What each other engine is backed up with. */
const TOOLS: Readonly<Record<string, string>> = {
  postgres: 'pg_dump --schema=windlass, or a base backup with its log',
  postgresql: 'pg_dump --schema=windlass, or a base backup with its log',
  mysql: 'mysqldump --single-transaction, or mariadb-backup',
  mariadb: 'mariadb-dump --single-transaction, or mariadb-backup',
  redis: 'redis-cli --rdb FILE',
  rediss: 'redis-cli --tls --rdb FILE',
  valkey: 'valkey-cli --rdb FILE',
  valkeys: 'valkey-cli --tls --rdb FILE',
  amqp: 'the tool of the store beside it: the broker keeps no task',
  amqps: 'the tool of the store beside it: the broker keeps no task',
}

/** Copies the store of a URL to a file. @throws WindlassError `engine_not_available` for other engines */
export async function backupStore(url: string, file: string, force: boolean): Promise<StoreCopy> {
  checkEngine(url, 'backup')
  const [{ parseSqliteAddress }, { backupSqlite }] = await loadSqlite()
  return backupSqlite(parseSqliteAddress(url, 'windlass'), file, force)
}

/** Puts a backup in the place of the store of a URL. @throws WindlassError `engine_not_available` for other engines */
export async function restoreStore(url: string, file: string, force: boolean): Promise<Restored> {
  checkEngine(url, 'restore')
  const [{ parseSqliteAddress }, { restoreSqlite }] = await loadSqlite()
  return restoreSqlite(parseSqliteAddress(url, 'windlass'), file, force)
}

function loadSqlite() {
  return Promise.all([import('./sqlite/address.ts'), import('./sqlite/backup.ts')])
}

function checkEngine(url: string, verb: string): void {
  const scheme = /^([a-z]+)/i.exec(url)?.[1]?.toLowerCase() ?? ''
  if (scheme === 'sqlite') return
  const tool = TOOLS[scheme]
  throw new WindlassError('engine_not_available', `${verb} is for SQLite; this engine is ${scheme}`, {
    hint: tool === undefined ? 'A store in memory ends with its process.' : `Use ${tool}.`,
  })
}
