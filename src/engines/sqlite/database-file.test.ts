// Opening the file: folders and permissions, versions of SQLite, and what cannot be opened.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { checkSqliteVersion, openFile, type OpenFile } from './database-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-file-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const open = (path: string): Promise<OpenFile> =>
  openFile({ path, synchronous: 'full', busyTimeout: 0, callTimeout: 1_000 })
const modeOf = (path: string): number => statSync(path).mode & 0o777

test('SQLite before 3.51.3 is refused', () => {
  for (const version of ['3.51.3', '3.51.10', '3.53.4', '3.100.0', '4.0.0']) checkSqliteVersion(version)
  for (const version of ['3.51.2', '3.40.1', '3.9.0', '2.99.9', '0']) {
    assert.throws(() => checkSqliteVersion(version), { code: 'sqlite_too_old' }, version)
  }
})

test(
  'a missing folder is created, and only the owner may read',
  { skip: process.platform === 'win32' },
  async () => {
    const path = join(folder, 'a b', '任务', 'store.db')
    const { db, path: real } = await open(path)
    db.exec('CREATE TABLE a (b)')
    assert.equal(modeOf(join(folder, 'a b')), 0o700)
    assert.equal(modeOf(path), 0o600)
    assert.equal(modeOf(`${path}-wal`), 0o600)
    assert.equal(modeOf(`${path}-shm`), 0o600)
    assert.equal(real, path)
    db.close()
  },
)

test(
  'the permissions of a file that is there stay as they are',
  { skip: process.platform === 'win32' },
  async () => {
    const path = join(folder, 'shared.db')
    const first = await open(path)
    first.db.exec('CREATE TABLE a (b)')
    first.db.close()
    chmodSync(path, 0o660)
    const second = await open(path)
    second.db.close()
    assert.equal(modeOf(path), 0o660)
  },
)

test(
  'links are resolved, so that one file has one name',
  { skip: process.platform === 'win32' },
  async () => {
    mkdirSync(join(folder, 'real'))
    symlinkSync(join(folder, 'real'), join(folder, 'link'))
    const { db, path } = await open(join(folder, 'link', 'store.db'))
    assert.equal(path, join(folder, 'real', 'store.db'))
    db.close()
  },
)

test('a connection is in WAL mode and waits for the disk', async () => {
  const { db } = await open(join(folder, 'wal.db'))
  assert.deepEqual({ ...db.prepare('PRAGMA journal_mode').get() }, { journal_mode: 'wal' })
  assert.deepEqual({ ...db.prepare('PRAGMA synchronous').get() }, { synchronous: 2 })
  db.close()
})

test('a file that is no database is left alone', async () => {
  const path = join(folder, 'letter.txt')
  const text = 'a letter, and by no means a database\n'.repeat(100)
  writeFileSync(path, text)
  await assert.rejects(open(path), { code: 'engine_corrupt', applied: 'no' })
  assert.equal(statSync(path).size, text.length)
})

test('a folder, and a folder that cannot be made, are told as out of reach', async () => {
  await assert.rejects(open(folder), { code: 'engine_unreachable', applied: 'no' })
  writeFileSync(join(folder, 'plain'), 'x')
  await assert.rejects(open(join(folder, 'plain', 'store.db')), { code: 'engine_unreachable', applied: 'no' })
})

test('in memory there is no path', async () => {
  const { db, path } = await open(':memory:')
  assert.equal(path, null)
  db.close()
})
