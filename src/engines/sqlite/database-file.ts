// Opens the database file: its folder, its permissions, the file system below it, the version of SQLite, and the
// settings of a connection. Nothing in this process opens the file by other means: closing any other handle of it
// would drop SQLite's locks.

import { chmodSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { basename, dirname, join, resolve } from 'node:path'

import { WindlassError } from '../../core/errors.ts'
import { LOG_BYTES, LOG_PAGES } from './checkpoint.ts'
import { fileSystemOf, networkFileSystem } from './file-system.ts'
import { untilFree } from './until-free.ts'

/** SQLite before this can lose commits when two connections race at a checkpoint. */
/** What this engine needs of SQLite. */
export const OLDEST_SQLITE = [3, 51, 3] as const
const IN_MEMORY = ':memory:'

/** How a file is to be opened. */
export interface FileOptions {
  readonly path: string
  readonly synchronous: 'full' | 'normal'
  /** How long SQLite itself may wait for a lock, blocking the thread. */
  readonly busyTimeout: number
  readonly callTimeout: number
}

/** An open database and where it really is; null: in memory. */
export interface OpenFile {
  readonly db: DatabaseSync
  readonly path: string | null
}

/** @throws WindlassError `sqlite_too_old`, `network_file_system`, `engine_unreachable`, `engine_corrupt`, … */
export async function openFile(options: FileOptions): Promise<OpenFile> {
  checkSqliteVersion(process.versions['sqlite'] ?? '0')
  if (options.path === IN_MEMORY) return { db: await connect(IN_MEMORY, options), path: null }
  const path = prepareFolder(resolve(options.path))
  const isNew = !existsSync(path)
  const db = await connect(path, options)
  if (isNew) restrict(path)
  return { db, path }
}

/** @throws WindlassError `sqlite_too_old` */
export function checkSqliteVersion(version: string): void {
  const parts = version.split('.').map(Number)
  const [major, minor, patch] = OLDEST_SQLITE
  const [a = 0, b = 0, c = 0] = parts
  if (a > major || (a === major && (b > minor || (b === minor && c >= patch)))) return
  throw new WindlassError(
    'sqlite_too_old',
    `this Node has SQLite ${version}; ${OLDEST_SQLITE.join('.')} is needed, older ones can lose commits`,
    { applied: 'no' },
  )
}

/** Creates the folder, refuses a remote one, and answers the path with its links resolved. */
function prepareFolder(path: string): string {
  const folder = dirname(path)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const real = realpathSync(folder)
    const remote = networkFileSystem(fileSystemOf(real))
    if (remote !== null) {
      throw new WindlassError(
        'network_file_system',
        `${folder} is on a network file system (${remote}), where SQLite's locks do not work`,
        { applied: 'no', detail: { folder, fileSystem: remote } },
      )
    }
    const file = join(real, basename(path))
    return existsSync(file) ? realpathSync(file) : file
  } catch (error) {
    if (error instanceof WindlassError) throw error
    throw unreachable(path, error)
  }
}

function unreachable(path: string, cause: unknown): WindlassError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new WindlassError('engine_unreachable', `the database ${path} cannot be opened: ${reason}`, {
    cause,
    applied: 'no',
    hint: 'Check that the folder exists and may be written by this user.',
  })
}

/** Only the owner may read tasks; files beside the database take over its permissions. */
function restrict(path: string): void {
  try {
    chmodSync(path, 0o600)
  } catch {
    // A file system without permissions: nothing to restrict.
  }
}

async function connect(path: string, options: FileOptions): Promise<DatabaseSync> {
  const db = openHandle(path)
  try {
    await untilFree(options.callTimeout, () => configure(db, path, options))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function openHandle(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false })
  } catch (error) {
    throw unreachable(path, error)
  }
}

function configure(db: DatabaseSync, path: string, options: FileOptions): void {
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (path !== IN_MEMORY && mode !== 'wal') {
    throw new WindlassError('engine_unreachable', `the database ${path} cannot be used in WAL mode`, {
      applied: 'no',
    })
  }
  db.exec(`PRAGMA synchronous = ${options.synchronous}`)
  // On macOS an fsync leaves the data in the drive's cache; elsewhere these two do nothing.
  if (options.synchronous === 'full') db.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1')
  db.exec(`PRAGMA busy_timeout = ${options.busyTimeout}`)
  db.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES}`)
  db.exec('PRAGMA cache_size = -16000')
  db.exec('PRAGMA temp_store = MEMORY')
}
