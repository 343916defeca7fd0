/** Looking after the system: stats, queue, workers, config, migrate, doctor. */
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place, type Answer, type Document } from './launch.ts'

const QUEUE_KEYS = 'queue paused ready scheduled running succeeded dead cancelled oldest_ms workers'.split(
  ' ',
)

function queues(answer: Answer): Document[] {
  return answer.document['queues'] as Document[]
}

test('stats and queues: counts, pause, resume, clear', async (t) => {
  const place = new Place(t, FILES)
  assert.deepEqual((await place.json(['stats'])).document, { queues: [] })
  await place.json(['enqueue', 'echo'])
  await place.json(['enqueue', 'strict', '{"n":1}', '--delay', '1h'])
  const stats = queues(await place.json(['stats']))
  for (const key of QUEUE_KEYS) assert.ok(key in (stats[0] ?? {}), key)
  assert.deepEqual(
    stats.map((one) => [one['queue'], one['ready'], one['scheduled'], one['workers'], one['paused']]),
    [
      ['default', 1, 0, 0, false],
      ['numbers', 0, 1, 0, false],
    ],
  )
  const paused = await place.json(['queue', 'pause', 'default'])
  assert.deepEqual(
    queues(paused).map((one) => [one['queue'], one['paused']]),
    [['default', true]],
  )
  assert.equal(queues(await place.json(['queue', 'list'])).length, 2)
  assert.match((await place.run(['stats'])).stdout, /^default .* paused$/m)
  const resumed = await place.json(['queue', 'resume', 'default'])
  assert.equal(queues(resumed)[0]?.['paused'], false)
  const cleared = await place.json(['queue', 'clear', 'numbers'])
  assert.equal(cleared.document['cancelled'], 1)
  assert.deepEqual([queues(cleared)[0]?.['scheduled'], queues(cleared)[0]?.['cancelled']], [0, 1])
})

test('stats --watch goes on until it is told to stop', async (t) => {
  const place = new Place(t, FILES)
  const running = place.start(['stats', '--watch', '--every', '100ms', '--json'])
  await running.until((one) => one.objects.length >= 3)
  running.signal('SIGINT')
  assert.equal((await running.ended).code, 0)
  assert.deepEqual(running.objects[0], { queues: [] })
})

test('workers: what lives and what it runs', async (t) => {
  const place = new Place(t, FILES)
  const worker = place.start(['worker', '--json', '-n', 'anna', '-Q', 'default,numbers:2', '-c', '3'])
  await worker.until((one) => one.stdout.includes('"worker started"'))
  await place.json(['enqueue', 'slow', '{"ms":60000}', '--id', 's'])
  await worker.until((one) => one.stderr.includes('slow begins'))
  const { document } = await place.json(['workers'])
  const [one] = document['workers'] as Document[]
  for (const key of ['session', 'name', 'host', 'pid', 'queues', 'running', 'seen_at'])
    assert.ok(key in (one ?? {}), key)
  assert.deepEqual(
    [one?.['name'], one?.['pid'], one?.['queues'], one?.['running'], one?.['concurrency']],
    ['anna', worker.pid, ['default', 'numbers'], ['s'], 3],
  )
  assert.match((await place.run(['workers'])).stdout, /^anna .* 1\/3 /m)
  const why = await place.json(['why', 's'])
  assert.equal(why.document['reason'], 'running')
})

test('config: values, origins, no secrets', async (t) => {
  const place = new Place(t, { ...FILES, '.env': 'WORKER_CONCURRENCY=4\n' })
  const env = { WORKER_COUNT: '3', API_KEYS: 's3cret-key', WINDLASS_ENGINE: 'postgres://me:s3cret@db/app' }
  const { code, document } = await place.json(['config'], { env })
  assert.equal(code, 0)
  assert.equal(document['file'], join(place.folder, 'windlass.config.ts'))
  const settings = new Map((document['settings'] as Document[]).map((one) => [one['key'], one]))
  const told = (key: string): unknown[] => [settings.get(key)?.['value'], settings.get(key)?.['origin']]
  assert.deepEqual(told('worker.count'), [3, 'WORKER_COUNT (environment)'])
  assert.deepEqual(told('worker.concurrency'), [4, `WORKER_CONCURRENCY (${join(place.folder, '.env')})`])
  assert.deepEqual(told('engine'), ['postgres://me:***@db/app', 'WINDLASS_ENGINE (environment)'])
  assert.deepEqual(told('worker.drain'), [300_000, 'default'])
  const people = await place.run(['config', '--engine', 'redis://:s3cret@host'], { env })
  assert.match(people.stdout, /^engine +redis:\/\/:\*\*\*@host +flag$/m)
  assert.equal(/s3cret/.test(people.stdout + JSON.stringify(document)), false)
})

test('migrate: creates, then finds nothing to do', async (t) => {
  const place = new Place(t, BARE)
  const first = await place.json(['migrate'])
  const again = await place.json(['migrate'])
  assert.equal(first.code, 0)
  assert.equal(first.document['from'], 0)
  assert.ok(Number(first.document['to']) >= 1)
  assert.deepEqual(
    [again.document['from'], again.document['to']],
    [first.document['to'], first.document['to']],
  )
  assert.equal(existsSync(join(place.folder, 'windlass.db')), true)
})

test('doctor: a store that is not there, a healthy one, an ill one', async (t) => {
  const place = new Place(t, FILES)
  const wrong = ({ document }: Answer): unknown[] =>
    (document['checks'] as Document[])
      .filter(({ ok }) => ok === false)
      .map(({ check, mend }) => [check, mend])
  const absent = await place.json(['doctor'])
  assert.deepEqual([absent.code, wrong(absent)], [1, [['schema', 'windlass migrate']]])
  assert.equal(existsSync(join(place.folder, 'windlass.db')), false)
  await place.json(['migrate'])
  const healthy = await place.json(['doctor'])
  assert.deepEqual([healthy.code, healthy.document['ok'], wrong(healthy)], [0, true, []])
  await place.json(['enqueue', 'echo', '--queue', 'lonely'])
  await place.json(['enqueue', 'echo', '--queue', 'held'])
  await place.json(['queue', 'pause', 'held'])
  const ill = await place.json(['doctor'])
  assert.equal(ill.code, 1)
  assert.deepEqual(wrong(ill), [
    ['queues without a worker', 'windlass up'],
    ['paused queues', 'windlass queue resume held'],
  ])
  const people = await place.run(['doctor'])
  assert.match(
    people.stdout,
    /^wrong {2}paused queues: held is paused with 1 ready, 0 scheduled\n +mend: windlass queue/m,
  )
})

test('doctor: a worker that still has open what another store has replaced', async (t) => {
  const place = new Place(t, FILES)
  const worker = place.start(['worker', '--json'])
  await worker.until((one) => one.stdout.includes('worker started'))
  for (const end of ['', '-wal', '-shm']) rmSync(join(place.folder, `windlass.db${end}`), { force: true })
  await place.json(['migrate'])
  const { document } = await place.json(['doctor'])
  const found = (document['checks'] as Document[]).find(({ check }) => check === 'instance')
  assert.equal(found?.['ok'], false)
  assert.match(String(found?.['detail']), new RegExp(`process ${worker.pid} has another store open`))
  worker.signal('SIGKILL')
  await worker.ended
})

test('a store that is not migrated is told, with the command that mends it', async (t) => {
  const place = new Place(t, { 'windlass.config.yaml': 'engine: sqlite:windlass.db\nmigrate: false\n' })
  for (const verb of ['stats', 'up']) {
    const answer = await place.json([verb])
    assert.deepEqual([answer.code, errorOf(answer).code], [1, 'not_migrated'])
    assert.match(errorOf(answer).hint, /windlass migrate/)
  }
  await place.json(['migrate'])
  assert.equal((await place.json(['stats'])).code, 0)
})

test('doctor: a store out of reach', async (t) => {
  const place = new Place(t, {
    'windlass.config.yaml': 'engine: sqlite:broken.db\n',
    'broken.db': 'this is no database',
  })
  const answer = await place.json(['doctor'])
  assert.ok(answer.code === 1 || answer.code === 4)
  const failed = (answer.document['checks'] as Document[]).find(({ ok }) => ok === false)
  assert.equal(failed?.['check'], 'engine')
  assert.notEqual(failed?.['mend'], null)
})
