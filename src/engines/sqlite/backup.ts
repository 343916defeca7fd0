// Backup and restore of a SQLite store: a consistent copy in one file while workers go on, checked before it counts; and
// the way back, which swaps the checked copy in at once and keeps what stood there before.
// Promises that neither leaves half a file under the name that was asked for, and that a store which anybody has open is
// replaced only by force: those processes would go on writing to the old one.

import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'

import { WindlassError } from '../../core/errors.ts'
import { refuseNewer } from '../sql/schema-version.ts'
import type { SqliteAddress } from './address.ts'
import { Connection } from './connection.ts'
import { failureOf } from './failure.ts'
import { readInstance, SCHEMA_VERSION, schemaVersion } from './migrate.ts'

/** All pages in one step: a copy in several would begin anew at every commit of others. */
const ALL_PAGES = 2 ** 31 - 1
const BESIDE = ['-wal', '-shm'] as const

/** What is in a store that was copied. */
export interface StoreCopy {
  readonly file: string
  readonly bytes: number
  readonly instance: string
  readonly schema: number
}

/** Copies the store into `target`. @throws WindlassError `refused`, `not_found`, `engine_full`, … */
export async function backupSqlite(
  address: SqliteAddress,
  target: string,
  force: boolean,
): Promise<StoreCopy> {
  const source = fileOf(address)
  const file = resolve(target)
  if (!existsSync(source)) throw new WindlassError('not_migrated', `there is no store ${source}`)
  refuseSame(source, file)
  refuseTaken(file, force)
  const part = besides(file, 'part')
  try {
    const found = await copyDatabase(source, part, address.namespace)
    // Somebody else may have been quicker.
    refuseTaken(file, force)
    renameSync(part, file)
    syncFolder(file)
    return { file, ...found }
  } catch (error) {
    throw failureOf(error)
  } finally {
    rmSync(part, { force: true })
  }
}

/** A restored store, and where the one before it is kept; null: there was none. */
export interface Restored extends StoreCopy {
  readonly kept: string | null
}

/** Puts the copy in `source` in the place of the store. @throws WindlassError `refused`, `newer_schema`, … */
export async function restoreSqlite(
  address: SqliteAddress,
  source: string,
  force: boolean,
): Promise<Restored> {
  const file = fileOf(address)
  const from = resolve(source)
  if (!existsSync(from)) throw new WindlassError('invalid_option', `there is no file ${from}`)
  refuseSame(from, file)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const part = besides(file, 'part')
  try {
    const found = await copyDatabase(from, part, address.namespace)
    const kept = existsSync(file) ? replace(file, part, address.namespace, force) : null
    if (kept === null) renameSync(part, file)
    syncFolder(file)
    return { file, ...found, kept }
  } catch (error) {
    throw failureOf(error)
  } finally {
    rmSync(part, { force: true })
  }
}

function fileOf({ path }: SqliteAddress): string {
  if (path !== ':memory:') return existsSync(path) ? realpathSync(path) : resolve(path)
  throw new WindlassError('refused', 'a store in memory ends with its process: there is nothing to back up', {
    hint: 'Use sqlite:path.',
  })
}

function refuseSame(one: string, other: string): void {
  const real = existsSync(other) ? realpathSync(other) : other
  if (real !== realpathSync(one) && !BESIDE.some((end) => real === one + end)) return
  throw new WindlassError('invalid_option', `${other} is the store itself`)
}

function refuseTaken(file: string, force: boolean): void {
  if (force || !existsSync(file)) return
  throw new WindlassError('refused', `${file} exists already`, {
    hint: 'Give another name, or --force to replace it.',
  })
}

/** One consistent copy without a log beside it, flushed to disk. What it says of itself is checked. */
async function copyDatabase(from: string, to: string, namespace: string): Promise<Omit<StoreCopy, 'file'>> {
  const source = openDatabase(from)
  try {
    await backup(source, to, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
  chmodSync(to, 0o600)
  const copy = openDatabase(to)
  try {
    copy.exec('PRAGMA journal_mode = DELETE')
    const found = examine(copy, from, namespace)
    return { ...found, bytes: statSync(to).size }
  } finally {
    copy.close()
    for (const end of BESIDE) rmSync(to + end, { force: true })
    syncFile(to)
  }
}

function openDatabase(path: string): DatabaseSync {
  return new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: false })
}

/** @throws WindlassError `engine_corrupt`, `newer_schema`, `invalid_option` for a database that is not ours */
function examine(db: DatabaseSync, from: string, namespace: string): { instance: string; schema: number } {
  const connection = new Connection(db, namespace)
  const [verdict] = connection.get('PRAGMA integrity_check(1)') ?? []
  if (verdict !== 'ok')
    throw new WindlassError('engine_corrupt', `${from} is damaged: ${String(verdict)}`, {
      hint: 'Use another backup.',
    })
  const schema = schemaVersion(connection)
  refuseNewer(schema, SCHEMA_VERSION)
  if (schema > 0) return { instance: readInstance(connection), schema }
  throw new WindlassError('invalid_option', `${from} holds no tasks of Windlass (namespace ${namespace})`, {
    hint: 'Give a file that `windlass backup` wrote.',
  })
}

/** Swaps `part` in; answers the name under which the old store is kept. */
function replace(file: string, part: string, namespace: string, force: boolean): string {
  const kept = besides(file, 'before-restore')
  const holder = takeAlone(file, namespace, force)
  try {
    if (holder === null) {
      // Somebody has it open, or it is damaged: its log goes with it, for it must never be applied to another file.
      for (const end of BESIDE) if (existsSync(file + end)) renameSync(file + end, kept + end)
    }
    keep(file, kept)
    renameSync(part, file)
    return kept
  } finally {
    holder?.close()
  }
}

/** A second name, so that the first one is never without a store; where there are no links, a move. */
function keep(file: string, kept: string): void {
  try {
    linkSync(file, kept)
  } catch {
    renameSync(file, kept)
  }
}

/**
 * The store with a lock that keeps all others out, its log written back and gone.
 * @returns null where that cannot be had and force was given
 */
function takeAlone(file: string, namespace: string, force: boolean): DatabaseSync | null {
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(file, { timeout: 0 })
    const live = countLive(new Connection(db, namespace))
    if (live > 0 && !force) throw inUse(`${live} worker ${live === 1 ? 'session lives' : 'sessions live'}`)
    // Only a lone connection may leave WAL mode: this asks whether anybody else has the file open.
    db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    const failure = failureOf(error)
    if (failure.code === 'engine_busy' && !force) throw inUse('another process has the store open')
    // A damaged store is what restoring is for.
    if (failure.code !== 'engine_busy' && failure.code !== 'engine_corrupt') throw failure
    return null
  }
}

function countLive(connection: Connection): number {
  if (schemaVersion(connection) === 0) return 0
  return Number(connection.get('SELECT count(*) FROM windlass_sessions WHERE live = 1')?.[0] ?? 0)
}

function inUse(who: string): WindlassError {
  return new WindlassError('refused', `the store is in use: ${who}`, {
    hint: 'Stop every process that uses it, then restore. --force does it anyway: what those processes write is lost.',
  })
}

function besides(file: string, what: string): string {
  return join(dirname(file), `${basename(file)}.${what}-${randomUUID().slice(0, 8)}`)
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The new name is on disk, too; where a folder cannot be synced, the system does it in its own time. */
function syncFolder(path: string): void {
  try {
    const handle = openSync(dirname(path), 'r')
    fsyncSync(handle)
    closeSync(handle)
  } catch {
    // Not every system can.
  }
}
