/** backup and restore: while workers run, never half, never over what is in use. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place } from './launch.ts'

test('a backup made under load is whole, and brings back what was there', async (t) => {
  const place = new Place(t, FILES)
  const payloads = Array.from({ length: 600 }, (_, i) => `${i}\n`).join('')
  place.write('many.jsonl', payloads)
  await place.json(['enqueue', 'echo', '--id', 'before', '--delay', '1h'])
  const worker = place.start(['worker', '--json'])
  await worker.until((one) => one.stdout.includes('"worker started"'))
  const [made, load] = await Promise.all([
    place.json(['backup', 'copy.db']),
    place.json(['enqueue', 'echo', '--many', 'many.jsonl']),
  ])
  assert.deepEqual([made.code, load.code], [0, 0], made.stderr)
  assert.equal(made.document['file'], join(place.folder, 'copy.db'))
  assert.equal(made.document['bytes'], statSync(join(place.folder, 'copy.db')).size)
  const refusedWhileLive = await place.json(['restore', 'copy.db'])
  assert.deepEqual([refusedWhileLive.code, errorOf(refusedWhileLive).code], [1, 'refused'])
  assert.match(errorOf(refusedWhileLive).message, /1 worker session lives/)
  worker.signal('SIGTERM')
  assert.equal((await worker.ended).code, 0)
  await place.json(['cancel', 'before'])
  const restored = await place.json(['restore', 'copy.db'])
  assert.equal(restored.code, 0, restored.stderr)
  assert.equal((await place.json(['get', 'before'])).document['state'], 'scheduled')
  assert.ok(existsSync(String(restored.document['kept'])))
  const parts = readdirSync(place.folder).filter((name) => name.includes('.part-'))
  assert.deepEqual(parts, [])
})

test('nothing is overwritten unless it was said; the store itself never', async (t) => {
  const place = new Place(t, { ...BARE, 'taken.db': 'mine' })
  await place.json(['migrate'])
  const [taken, self, memory, postgres] = await Promise.all([
    place.json(['backup', 'taken.db']),
    place.json(['backup', 'windlass.db', '--force']),
    place.json(['backup', 'x.db', '--engine', 'memory:']),
    place.json(['backup', 'x.db', '--engine', 'postgres://me@host/db']),
  ])
  assert.deepEqual([taken.code, errorOf(taken).code], [1, 'refused'])
  assert.equal(readFileSync(join(place.folder, 'taken.db'), 'utf8'), 'mine')
  assert.match(errorOf(self).message, /is the store itself/)
  assert.equal(memory.code, 2)
  assert.match(errorOf(postgres).hint, /pg_dump/)
  assert.equal((await place.json(['backup', 'taken.db', '--force'])).code, 0)
})

test('only a whole file of ours, of a schema we know, is restored', async (t) => {
  const place = new Place(t, { ...BARE, 'text.db': 'this is no database at all, whatever its name says' })
  await place.json(['enqueue', 'a', '--untyped', '--id', 'a'])
  await place.json(['backup', 'newer.db'])
  const at = (name: string): string => join(place.folder, name)
  const newer = new DatabaseSync(at('newer.db'))
  newer.exec('INSERT INTO windlass_migrations VALUES (999, 0)')
  newer.close()
  const stranger = new DatabaseSync(at('stranger.db'))
  stranger.exec('CREATE TABLE t (x)')
  stranger.close()
  const before = await place.json(['get', 'a'])
  const answers = await Promise.all(
    ['text.db', 'newer.db', 'stranger.db', 'missing.db'].map((file) =>
      place.json(['restore', file, '--force']),
    ),
  )
  assert.deepEqual(
    answers.map((answer) => errorOf(answer).code),
    ['engine_corrupt', 'newer_schema', 'invalid_option', 'invalid_option'],
  )
  assert.deepEqual((await place.json(['get', 'a'])).document, before.document)
})

test('a store that somebody has open is replaced by force only; a damaged one at once', async (t) => {
  const place = new Place(t, BARE)
  await place.json(['enqueue', 'a', '--untyped', '--id', 'a'])
  await place.json(['backup', 'copy.db'])
  const path = join(place.folder, 'windlass.db')
  const client = new DatabaseSync(path)
  client.prepare('SELECT count(*) FROM windlass_tasks').get()
  const refused = await place.json(['restore', 'copy.db'])
  const forced = await place.json(['restore', 'copy.db', '--force'])
  client.close()
  assert.match(errorOf(refused).message, /another process has the store open/)
  assert.equal(forced.code, 0, forced.stderr)
  assert.equal((await place.json(['get', 'a'])).document['state'], 'ready')
  writeFileSync(path, 'damaged beyond all hope, as a disk may do it')
  const mended = await place.json(['restore', 'copy.db'])
  assert.equal(mended.code, 0, mended.stderr)
  assert.equal((await place.json(['get', 'a'])).document['state'], 'ready')
})
