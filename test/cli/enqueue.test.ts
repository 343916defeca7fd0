/** `enqueue` in all its forms, against a SQLite file. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { openEngine } from '../../src/engines/open.ts'
import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

async function get(place: Place, id: unknown): Promise<Document> {
  return (await place.json(['get', String(id)])).document
}

test('one task: its answer, and what is stored', async (t) => {
  const place = new Place(t, FILES)
  const { code, document } = await place.json(['enqueue', 'echo', '{"a": [1, "汉字"]}'])
  assert.equal(code, 0)
  assert.deepEqual(Object.keys(document), ['task_id', 'outcome', 'state'])
  assert.deepEqual([document['outcome'], document['state']], ['created', 'ready'])
  const task = await get(place, document['task_id'])
  assert.deepEqual(task['payload'], { a: [1, '汉字'] })
  assert.deepEqual([task['type'], task['queue'], task['priority']], ['echo', 'default', 0])
  assert.equal(task['origin'], 'cli')
})

test('payloads: none, a file, standard input, bare values', async (t) => {
  const place = new Place(t, { ...FILES, 'payload.json': '{"from":"file"}\n' })
  const [none, file, stdin, number] = await Promise.all([
    place.json(['enqueue', 'echo']),
    place.json(['enqueue', 'echo', '@payload.json']),
    place.json(['enqueue', 'echo', '-'], { input: '{"from":"stdin"}' }),
    place.json(['enqueue', 'echo', '-5']),
  ])
  const payloads = await Promise.all(
    [none, file, stdin, number].map(
      async ({ document }) => (await get(place, document['task_id']))['payload'],
    ),
  )
  assert.deepEqual(payloads, [null, { from: 'file' }, { from: 'stdin' }, -5])
})

test('a payload is stored as it was typed, also numbers that JavaScript would round', async (t) => {
  const typed = '{"id": 9007199254740993, "list":[ 1.0 ]}'
  const place = new Place(t, { ...FILES, 'many.jsonl': `${typed}\n` })
  await place.json(['enqueue', 'echo', typed])
  await place.json(['enqueue', 'echo', '--many', 'many.jsonl'])
  const engine = await openEngine(`sqlite:${join(place.folder, 'windlass.db')}`)
  t.after(() => engine.close())
  const { tasks } = await engine.records.find({ limit: 10, cursor: null })
  assert.deepEqual(
    tasks.map(({ payload }) => payload),
    [typed, typed],
  )
})

test('options: bare numbers are seconds', async (t) => {
  const place = new Place(t, FILES)
  const said =
    '--queue q --priority 7 --delay 90 --retries 5 --tag a --tag b,c --unique k --for 1h --expires 7d'
  const { document } = await place.json(['enqueue', 'echo', '{}', '--id', 'mine', ...said.split(' ')])
  assert.deepEqual(document, { task_id: 'mine', outcome: 'created', state: 'scheduled' })
  const task = await get(place, 'mine')
  assert.deepEqual([task['queue'], task['priority'], task['retries_max']], ['q', 7, 5])
  assert.deepEqual([task['tags'], task['unique_key']], [['a', 'b,c'], 'k'])
  const created = Date.parse(String(task['created_at']))
  assert.equal(Date.parse(String(task['run_at'])) - created, 90_000)
  assert.equal(Date.parse(String(task['expires_at'])) - created, 7 * 86_400_000)
})

test('existing, duplicate, conflict', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'echo', '1', '--id', 'one', '--unique', 'k'])
  const [same, duplicate, conflict] = await Promise.all([
    place.json(['enqueue', 'echo', '1', '--id', 'one', '--unique', 'k']),
    place.json(['enqueue', 'echo', '2', '--unique', 'k']),
    place.json(['enqueue', 'echo', '3', '--id', 'one']),
  ])
  assert.deepEqual(same.document, { task_id: 'one', outcome: 'existing', state: 'ready' })
  assert.deepEqual(duplicate.document, { task_id: 'one', outcome: 'duplicate', state: 'ready' })
  assert.equal(conflict.code, 1)
  assert.equal(errorOf(conflict).code, 'id_conflict')
})

test('unknown types are refused with the nearest name, unless they are wanted', async (t) => {
  const place = new Place(t, FILES)
  const bare = new Place(t, BARE)
  const nowhere = new Place(t)
  const [typo, untyped, noTypes, noConfig, schema] = await Promise.all([
    place.json(['enqueue', 'ecko']),
    place.json(['enqueue', 'ecko', '--untyped']),
    bare.json(['enqueue', 'echo']),
    nowhere.json(['enqueue', 'echo']),
    place.json(['enqueue', 'strict', '{"n":"x"}']),
  ])
  assert.equal(typo.code, 2)
  assert.equal(errorOf(typo).code, 'unknown_task_type')
  assert.match(errorOf(typo).message, /there is no task type "ecko"; did you mean "echo"\?/)
  assert.equal(untyped.code, 0)
  for (const answer of [noTypes, noConfig]) {
    assert.equal(answer.code, 2)
    assert.match(errorOf(answer).hint, /--untyped/)
  }
  assert.equal(schema.code, 2)
  assert.equal(errorOf(schema).code, 'invalid_payload')
  assert.match(errorOf(schema).message, /n: must be a number/)
})

test('many: counted; a bad line is named and nothing is enqueued', async (t) => {
  const place = new Place(t, {
    ...FILES,
    'good.jsonl': '{"n":1}\n\n{"n":2}\r\n{"n":3}',
    'bad.jsonl': '{"n":1}\n{"n":\n{"n":3}\n',
    'wrong.jsonl': '{"n":1}\n\n{"n":"two"}\n',
  })
  const [bad, wrong, missing] = await Promise.all([
    place.json(['enqueue', 'strict', '--many', 'bad.jsonl']),
    place.json(['enqueue', 'strict', '--many', 'wrong.jsonl']),
    place.json(['enqueue', 'strict', '--many', 'missing.jsonl']),
  ])
  assert.deepEqual([bad.code, wrong.code, missing.code], [2, 2, 2])
  assert.match(errorOf(bad).message, /^line 2 is no valid JSON/)
  assert.match(errorOf(wrong).message, /^line 3: .*must be a number/)
  assert.match(errorOf(missing).message, /--many: "missing.jsonl" cannot be read/)
  assert.deepEqual((await place.json(['list'])).document['tasks'], [])
  const good = await place.json(['enqueue', 'strict', '--many', 'good.jsonl', '--priority', '3'])
  assert.deepEqual(good.document, { created: 3, existing: 0, duplicate: 0 })
  const { document } = await place.json(['list', '--queue', 'numbers'])
  const tasks = document['tasks'] as Document[]
  assert.deepEqual(
    tasks.map((task) => [task['payload'], task['priority']]),
    [3, 2, 1].map((n) => [{ n }, 3]),
  )
})

test('--wait answers how it ended', async (t) => {
  const place = new Place(t, FILES)
  const worker = place.start(['worker', '--json'])
  const [good, bad] = await Promise.all([
    place.json(['enqueue', 'strict', '{"n":21}', '--wait']),
    place.json(['enqueue', 'fail', '--wait']),
  ])
  assert.equal(good.code, 0)
  assert.deepEqual([good.document['state'], good.document['result']], ['succeeded', 42])
  assert.equal(bad.code, 1)
  assert.equal(bad.document['state'], 'dead')
  assert.equal((bad.document['error'] as Document)['message'], 'this handler always fails')
  worker.signal('SIGTERM')
  assert.equal((await worker.ended).code, 0)
})
