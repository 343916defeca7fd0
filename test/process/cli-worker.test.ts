/** `windlass worker` as a process: drain, second signal, --drain, its log, its title, its failures at the start. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { FILES } from '../cli/fixtures.ts'
import { errorOf, Place, type Document } from '../cli/launch.ts'

async function task(place: Place, id: string): Promise<Document> {
  return (await place.json(['get', id])).document
}

test('the first signal lets tasks end, and what waits is left to others', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'slow', '{"ms":1200}', '--id', 'runs'])
  const worker = place.start(['worker', '--json', '-c', '1', '-n', 'berta'])
  await worker.until((one) => one.stderr.includes('slow begins'))
  if (process.platform === 'linux')
    assert.match(readFileSync(`/proc/${worker.pid}/cmdline`, 'utf8'), /^windlass worker berta\0*$/)
  worker.signal('SIGTERM')
  await place.json(['enqueue', 'echo', '--id', 'waits'])
  const { code } = await worker.ended
  assert.equal(code, 0)
  assert.ok(worker.objects.every((line) => typeof line['message'] === 'string'))
  const [runs, waits] = await Promise.all([task(place, 'runs'), task(place, 'waits')])
  assert.deepEqual([runs['state'], runs['attempt'], runs['result']], ['succeeded', 1, { attempt: 1 }])
  assert.equal(waits['state'], 'ready')
  assert.deepEqual((await place.json(['workers'])).document, { workers: [] })
})

test('the second signal hands back at once, without a charge', async (t) => {
  const place = new Place(t, FILES)
  await place.json(['enqueue', 'slow', '{"ms":60000}', '--id', 's'])
  const worker = place.start(['worker'])
  await worker.until((one) => one.stdout.includes('slow begins'))
  worker.signal('SIGINT')
  await worker.until((one) => one.stdout.includes('draining'))
  const asked = performance.now()
  worker.signal('SIGINT')
  assert.equal((await worker.ended).code, 0)
  assert.ok(performance.now() - asked < 9_000)
  const released = await task(place, 's')
  assert.deepEqual([released['state'], released['failures'], released['crashes']], ['ready', 0, 0])
})

test('--drain runs what is ready; --drain=all waits for what is scheduled, too', async (t) => {
  const place = new Place(t, { ...FILES, 'many.jsonl': '1\n2\n3\n4\n5\n6\n7\n8\n9\n' })
  await place.json(['enqueue', 'echo', '--many', 'many.jsonl'])
  await place.json(['enqueue', 'echo', '--id', 'soon', '--delay', '3'])
  await place.json(['enqueue', 'unheard-of', '--untyped', '--id', 'unknown'])
  await place.json(['enqueue', 'echo', '--id', 'paused', '--queue', 'held'])
  await place.json(['queue', 'pause', 'held'])
  const first = await place.run(['worker', '--drain', '-c', '2'])
  assert.equal(first.code, 0)
  const counts = async (): Promise<number[]> => {
    const { document } = await place.json(['list', '--state', 'succeeded'])
    const states = await Promise.all(['soon', 'paused'].map(async (id) => (await task(place, id))['state']))
    return [(document['tasks'] as Document[]).length, ...states.map((state) => Number(state === 'succeeded'))]
  }
  const before = await counts()
  assert.deepEqual([before[0], before[2]], [9 + (before[1] ?? 0), 0])
  const second = await place.run(['worker', '--drain=all'])
  assert.equal(second.code, 0)
  assert.deepEqual(await counts(), [10, 1, 0])
})

test('the log file gets the same lines; a file that cannot be written stops nobody', async (t) => {
  const place = new Place(t, FILES)
  const [good, bad] = await Promise.all([
    place.run(['worker', '--drain'], { env: { LOG_FILE: 'logs/worker.log' } }),
    place.run(['worker', '--drain'], { env: { LOG_FILE: 'tasks.ts/worker.log' } }),
  ])
  assert.deepEqual([good.code, bad.code], [0, 0])
  assert.equal(readFileSync(join(place.folder, 'logs/worker.log'), 'utf8'), good.stdout)
  assert.match(bad.stderr, /log file .* cannot be written/)
})

test('its first lines tell which store it is connected to and which queues it listens to', async (t) => {
  const place = new Place(t, FILES)
  const { stdout } = await place.run(['worker', '--drain', '--json', '-Q', 'mail,files:2'])
  const lines = stdout.trimEnd().split('\n')
  const [store, queues, started] = lines.map((line) => JSON.parse(line) as Document)
  assert.deepEqual([store?.['message'], store?.['engine']], ['connected to the store', 'sqlite'])
  assert.match(String(store?.['at']), /^sqlite:.*windlass\.db$/)
  assert.deepEqual([queues?.['message'], queues?.['queues']], ['listening to queues', ['mail', 'files']])
  assert.equal(started?.['message'], 'worker started')
})

test('a store that another process holds is waited for', { timeout: 60_000 }, async (t) => {
  const place = new Place(t, FILES)
  await place.json(['migrate'])
  const db = new DatabaseSync(join(place.folder, 'windlass.db'), { timeout: 5_000 })
  db.exec('BEGIN IMMEDIATE')
  const worker = place.start(['worker', '--json'])
  const says = (text: string): boolean => worker.objects.some((line) => line['message'] === text)
  await worker.until(() => says('the store is busy or away: waiting for it'))
  db.exec('ROLLBACK')
  db.close()
  await worker.until(() => says('worker started'))
  worker.signal('SIGTERM')
  assert.equal((await worker.ended).code, 0)
})

test('what goes wrong at the start has its exit code', async (t) => {
  const [broken, unreachable] = await Promise.all([
    new Place(t, { ...FILES, 'tasks.ts': "throw new Error('no luck')" }).json(['worker', '--drain']),
    new Place(t, { ...FILES, file: '' }).json(['worker', '--drain', '--engine', 'sqlite:file/x.db']),
  ])
  assert.deepEqual([broken.code, errorOf(broken).code], [1, 'config_failed'])
  assert.match(errorOf(broken).message, /tasks\.ts could not be loaded: no luck/)
  assert.deepEqual([unreachable.code, errorOf(unreachable).code], [4, 'engine_unreachable'])
})
