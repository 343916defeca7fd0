/** selftest: every step on a fresh store, beside a living system, and on one that does not work. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

const STEPS = ['push', 'length', 'pull', 'priority', 'retry', 'remove']

function steps(document: Document): unknown[] {
  return (document['steps'] as Document[]).map(({ step, ok, error }) => (ok === true ? step : error))
}

test('on a store that is not there yet: all right, and nothing is left', async (t) => {
  const place = new Place(t, BARE)
  const [file, memory] = await Promise.all([
    place.json(['selftest']),
    place.json(['selftest', '--engine', 'memory:']),
  ])
  for (const answer of [file, memory]) {
    assert.deepEqual(steps(answer.document), STEPS, answer.stderr)
    assert.equal(answer.code, 0)
  }
  assert.equal(existsSync(join(place.folder, 'windlass.db')), false)
})

test('beside a living system: its worker takes nothing of it, its tables stay alone', async (t) => {
  const place = new Place(t, FILES)
  const worker = place.start(['worker', '--json'])
  await worker.until((one) => one.stdout.includes('"worker started"'))
  await place.json(['enqueue', 'echo', '--id', 'mine', '--delay', '1h'])
  const people = await place.run(['selftest', '--lang', 'zh'])
  assert.equal(people.code, 0, people.stdout)
  assert.match(people.stdout, /^ok +retry +[\d.]+ ms$/m)
  assert.match(people.stdout, /系统工作正常/)
  assert.equal(worker.stdout.includes('selftest'), false)
  const db = new DatabaseSync(join(place.folder, 'windlass.db'), { readOnly: true })
  const { count } =
    db.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name LIKE 'trial%'").get() ?? {}
  db.close()
  assert.equal(count, 0)
  assert.equal((await place.json(['get', 'mine'])).document['state'], 'scheduled')
})

test('a store that does not work is told', async (t) => {
  const place = new Place(t, BARE)
  writeFileSync(join(place.folder, 'windlass.db'), 'this is no database')
  const [broken, part] = await Promise.all([place.json(['selftest']), place.json(['selftest', 'moon'])])
  assert.ok(broken.code === 1 || broken.code === 4)
  assert.equal(part.code, 2)
  assert.equal(errorOf(part).code, 'invalid_option')
})
