/** Looking at tasks and looking after them: get, list, wait, cancel, retry, delete, why, and the seeds' words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FILES } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

/** Runs what is ready, and ends. */
async function drain(place: Place): Promise<void> {
  const ran = await place.run(['worker', '--drain'])
  assert.equal(ran.code, 0, ran.stderr)
}

const GET_KEYS =
  'task_id type queue priority state attempt failures crashes retries_max retries_left payload progress result error tags created_at run_at started_at finished_at duration_ms attempts'.split(
    ' ',
  )

test('get: every key of the surface, before and after the run', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '{"a":1}', '--id', 'e'])
  await place.json(['enqueue', 'fail', '--id', 'f'])
  const before = (await place.json(['get', 'e'])).document
  for (const key of GET_KEYS) assert.ok(key in before, key)
  assert.deepEqual(
    [before['state'], before['started_at'], before['duration_ms'], before['result'], before['attempts']],
    ['ready', null, null, null, []],
  )
  await drain(place)
  const [echo, fail, missing, people] = await Promise.all([
    place.json(['get', 'e']),
    place.json(['get', 'f']),
    place.json(['get', 'nobody']),
    place.run(['get', 'f']),
  ])
  assert.deepEqual(echo.document['result'], { echo: { a: 1 } })
  assert.match(String(echo.document['finished_at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.ok(Number(echo.document['duration_ms']) >= 0)
  const [attempt] = echo.document['attempts'] as Document[]
  assert.deepEqual([attempt?.['attempt'], attempt?.['outcome'], attempt?.['error']], [1, 'succeed', null])
  const error = fail.document['error'] as Document
  for (const key of ['code', 'name', 'message', 'stack', 'causes']) assert.ok(key in error, key)
  assert.deepEqual(error['causes'], [{ name: 'Error', message: 'the deeper reason' }])
  assert.equal(missing.code, 1)
  assert.equal(errorOf(missing).code, 'not_found')
  assert.match(people.stdout, /^state +dead \(fatal\)$/m)
  assert.match(people.stdout, /caused by Error: the deeper reason/)
})

test('wait: succeeded, dead, timed out', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '--id', 'e'])
  await place.json(['enqueue', 'fail', '--id', 'f'])
  await place.json(['enqueue', 'echo', '--id', 'later', '--delay', '1h'])
  await drain(place)
  const [good, dead, late, missing] = await Promise.all([
    place.json(['wait', 'e']),
    place.json(['wait', 'f', '--timeout', '5']),
    place.json(['wait', 'later', '--timeout', '200ms']),
    place.json(['wait', 'nobody']),
  ])
  assert.deepEqual(
    [good.code, good.document['state'], good.document['result']],
    [0, 'succeeded', { echo: null }],
  )
  assert.deepEqual([dead.code, dead.document['state']], [1, 'dead'])
  assert.deepEqual([late.code, errorOf(late).code, errorOf(late).retry], [5, 'wait_timeout', true])
  assert.deepEqual([missing.code, errorOf(missing).code], [1, 'not_found'])
})

test('cancel, retry, delete: the new state, or a refusal', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '--id', 'e'])
  const steps: [string, number, unknown][] = [
    ['retry', 1, 'refused'],
    ['delete', 1, 'refused'],
    ['cancel', 0, 'cancelled'],
    ['retry', 0, 'ready'],
    ['cancel', 0, 'cancelled'],
    ['delete', 0, 'deleted'],
    ['delete', 1, 'not_found'],
  ]
  for (const [verb, code, expected] of steps) {
    const answer = await place.json([verb, 'e'])
    assert.equal(answer.code, code, verb)
    if (code === 0) assert.deepEqual([answer.document['task_id'], answer.document['state']], ['e', expected])
    else assert.equal(errorOf(answer).code, expected)
  }
})

test('list: filters, pages, and the text for people', async (t) => {
  const place = new Place(t, { ...FILES, 'many.jsonl': '1\n2\n3\n4\n5\n' })
  await place.json(['enqueue', 'echo', '--many', 'many.jsonl', '--tag', 'batch'])
  await place.json(['enqueue', 'strict', '{"n":1}', '--id', 'odd', '--delay', '1h'])
  const [scheduled, tagged, typed, text, two, people] = await Promise.all([
    place.json(['list', '--state', 'scheduled']),
    place.json(['list', '--tag', 'batch', '--limit', '2']),
    place.json(['list', '--type', 'strict', '--queue', 'numbers']),
    place.json(['list', '--text', 'ODD']),
    place.json(['list', '--state', 'ready,scheduled', '--state', 'dead']),
    place.run(['list']),
  ])
  const ids = ({ document }: { document: Document }): unknown[] =>
    (document['tasks'] as Document[]).map((task) => task['task_id'])
  assert.deepEqual(Object.keys(scheduled.document), ['tasks', 'next', 'partial'])
  assert.deepEqual([ids(scheduled), ids(typed), ids(text)], [['odd'], ['odd'], ['odd']])
  assert.equal(ids(two).length, 6)
  assert.equal(ids(tagged).length, 2)
  const first = await place.json(['list', '--type', 'echo', '--limit', '3'])
  const next = await place.json([
    'list',
    '--type',
    'echo',
    '--limit',
    '3',
    '--cursor',
    String(first.document['next']),
  ])
  assert.deepEqual([ids(first).length, ids(next).length, next.document['next']], [3, 2, null])
  assert.equal(new Set([...ids(first), ...ids(next)]).size, 5)
  assert.match(people.stdout, /^task +type +queue/)
  assert.equal(people.stdout.trimEnd().split('\n').length, 7)
  assert.equal(people.stdout.includes('\u001B'), false)
})

test('why', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '--id', 'ready'])
  await place.json(['enqueue', 'echo', '--id', 'later', '--delay', '60'])
  const [ready, later] = await Promise.all([place.json(['why', 'ready']), place.json(['why', 'later'])])
  assert.deepEqual(
    { ...ready.document, detail: '' },
    { task_id: 'ready', state: 'ready', reason: 'no_worker_for_queue', detail: '' },
  )
  assert.equal(later.document['reason'], 'due_later')
  assert.match(String(later.document['detail']), /^due at .*Z, in \d+ s$/)
})

test('profiles print the words of the seeds', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '--id', 'e'])
  await place.json(['enqueue', 'fail', '--id', 'f'])
  await drain(place)
  const state = async (...args: string[]): Promise<unknown> => (await place.json(args)).document['state']
  assert.deepEqual(
    await Promise.all([
      state('get', 'e', '--profile', 'rq'),
      state('get', 'e', '--profile', 'api'),
      state('get', 'f', '--profile', 'push'),
      state('enqueue', 'echo', '--profile', 'api'),
      state('why', 'f', '--profile', 'rq'),
    ]),
    ['finished', 'SUCCESS', 'push_failed', 'PENDING', 'failed'],
  )
  const { document } = await place.json(['list', '--profile', 'rq', '--state', 'failed'])
  assert.deepEqual(
    (document['tasks'] as Document[]).map((task) => [task['task_id'], task['state']]),
    [['f', 'failed']],
  )
})
