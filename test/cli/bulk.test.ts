/** cancel, retry and delete by filter: counted first, done only when said, safe to repeat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { BARE } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

const many = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join('')

test('dry run, then the deed, then nothing is left to do', async (t) => {
  const place = new Place(t, { ...BARE, 'many.jsonl': many(1_203) })
  await place.json(['enqueue', 'a', '--untyped', '--many', 'many.jsonl', '--queue', 'x', '--tag', 'batch'])
  await place.json(['enqueue', 'b', '--untyped', '--id', 'other'])
  const dry = await place.json(['cancel', '--queue', 'x', '--dry-run'])
  assert.deepEqual([dry.code, dry.document['matched'], dry.document['done']], [0, 1_203, 0])
  assert.equal((dry.document['ids'] as string[]).length, 10)
  const done = await place.json(['cancel', '--queue', 'x', '--tag', 'batch', '--yes'])
  assert.deepEqual(done.document, { matched: 1_203, done: 1_203, refused: 0, partial: false })
  const again = await place.json(['cancel', '--queue', 'x', '--yes'])
  assert.deepEqual(again.document, { matched: 0, done: 0, refused: 0, partial: false })
  const retried = await place.json(['retry', '--type', 'a', '--yes'])
  assert.equal(retried.document['done'], 1_203)
  // A state that the verb cannot act on is looked at when it is asked for, and refused.
  const refused = await place.json(['delete', '--state', 'ready', '--type', 'a', '--yes'])
  assert.deepEqual([refused.document['done'], refused.document['refused']], [0, 1_203])
  const untouched = await place.json(['get', 'other'])
  assert.equal(untouched.document['state'], 'ready')
})

test('filters by time are those of list', async (t) => {
  const place = new Place(t, BARE)
  await place.json(['enqueue', 'a', '--untyped', '--id', 'old'])
  const { document } = await place.json(['get', 'old'])
  const at = String(document['created_at'])
  const after = new Date(Date.parse(at) + 1).toISOString()
  const [from, before, until] = await Promise.all([
    place.json(['list', '--created-after', at]),
    place.json(['list', '--created-before', at]),
    place.json(['cancel', '--created-before', after, '--dry-run']),
  ])
  const count = (answer: { document: Document }): number => (answer.document['tasks'] as unknown[]).length
  assert.deepEqual([count(from), count(before), until.document['matched']], [1, 0, 1])
})

test('what nobody agreed to is not done', async (t) => {
  const place = new Place(t, BARE)
  const [unasked, nothing, both, dryId] = await Promise.all([
    place.json(['cancel', '--queue', 'x']),
    place.json(['delete', '--yes']),
    place.json(['retry', 'id', '--state', 'dead']),
    place.json(['retry', 'id', '--dry-run']),
  ])
  for (const answer of [unasked, nothing, both, dryId]) {
    assert.equal(answer.code, 2)
    assert.equal(errorOf(answer).code, 'invalid_option')
  }
  assert.match(errorOf(unasked).message, /wants --yes/)
  assert.match(errorOf(nothing).message, /needs the id of a task, or a filter/)
})
