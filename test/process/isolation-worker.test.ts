/** `windlass worker` with children: they load the config as it does, and none outlives it, however it ends. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { Place, type Running } from '../cli/launch.ts'
import { gone, lives } from './isolation-rig.ts'

const CONFIG = `
import { defineConfig } from 'windlass'
export default defineConfig({
  engine: 'sqlite:windlass.db',
  tasks: ['tasks.ts'],
  middleware: [
    async (ctx, next) => ({ outer: await next(), by: ctx.type }),
    async (ctx, next) => ({ inner: await next() }),
  ],
})`

const TASKS = `
import { spawn } from 'node:child_process'
import { defineTask } from 'windlass'

const hang = () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  console.log('children ' + process.pid + ' ' + child.pid)
  for (;;);
}
const wait = () => {
  console.log('children ' + process.pid + ' ' + process.pid)
  return new Promise(() => setInterval(() => {}, 1000))
}
export const blocks = defineTask({ name: 'blocks', isolation: 'process', run: hang })
export const waits = defineTask({ name: 'waits', isolation: 'process', run: wait })
export const deadly = defineTask({
  name: 'deadly',
  run: () => {
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => {})
  },
})
export const echoes = ['inline', 'thread', 'process'].map((isolation) =>
  defineTask({ name: isolation, isolation, run: (text) => text }),
)
`

const FILES = { 'windlass.config.ts': CONFIG, 'tasks.ts': TASKS }

async function children(worker: Running): Promise<number[]> {
  const found = await worker.until((one) => /children (\d+) (\d+)/.exec(one.stdout))
  return found.slice(1).map(Number)
}

test('a killed worker takes its children with it, also one that blocks, and what they started', async (t) => {
  const place = new Place(t, FILES)
  for (const [type, signal] of [
    ['blocks', 'SIGKILL'],
    ['waits', 'SIGKILL'],
  ] as const) {
    const worker = place.start(['worker', '-c', '1'])
    await place.json(['enqueue', type, '--id', type])
    const pids = await children(worker)
    for (const pid of pids) assert.ok(lives(pid))
    worker.signal(signal)
    for (const pid of pids) await gone(pid, 1_500)
    await place.json(['cancel', type])
  }
})

test('middleware of the config runs around handlers of every isolation, in order', async (t) => {
  const place = new Place(t, FILES)
  for (const type of ['inline', 'thread', 'process'])
    await place.json(['enqueue', type, '"hi"', '--id', type])
  const ran = await place.run(['worker', '--drain'])
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  for (const type of ['inline', 'thread', 'process']) {
    const { document } = await place.json(['get', type])
    assert.equal(document['state'], 'succeeded', JSON.stringify(document))
    assert.deepEqual(document['result'], { outer: { inner: 'hi' }, by: type })
  }
})

test('a task that killed its worker is tried again in a process of its own, and kills only that', async (t) => {
  const place = new Place(t, FILES)
  const up = place.start(['up', '--json', '--workers', '1'])
  const ready = (): number => up.objects.filter((line) => line['event'] === 'ready').length
  await up.until(() => ready() === 1)
  await place.json(['enqueue', 'deadly', '--id', 'deadly'])
  await up.until(() => ready() === 2 && up.stdout.includes('crashes 2 of 3'))
  const { document } = await place.json(['get', 'deadly'])
  assert.deepEqual([document['state'], document['crashes'], document['failures']], ['scheduled', 2, 0])
  assert.match(JSON.stringify(document['error']), /its process was killed by SIGKILL/)
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
  assert.equal(ready(), 2)
})

/** Books in a transaction of its own connection, as `payload` says: once with a crash in it, or rolled back first. */
const BOOKING = `
import { DatabaseSync } from 'node:sqlite'
import { defineTask } from 'windlass'

let db
async function book({ first }, ctx) {
  db ??= new DatabaseSync('windlass.db', { timeout: 5_000 })
  db.exec('CREATE TABLE IF NOT EXISTS bookings (id TEXT, attempt INTEGER, pid INTEGER)')
  db.exec('BEGIN IMMEDIATE')
  db.prepare('INSERT INTO bookings VALUES (?, ?, ?)').run(ctx.id, ctx.attempt, process.pid)
  await ctx.enqueue('echo', ctx.id, { id: 'now-' + ctx.id, tx: db })
  if (ctx.attempt === 1 && first === 'dies') {
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }
  await ctx.enqueue('echo', ctx.id, { id: 'with-' + ctx.id })
  await ctx.complete({ attempt: ctx.attempt, pid: process.pid }, { tx: db })
  db.exec(ctx.attempt === 1 && first === 'rolls back' ? 'ROLLBACK' : 'COMMIT')
  if (first === 'dies after') process.kill(process.pid, 'SIGKILL')
}
const retry = { retries: 1, delay: 0 }
export const books = ['inline', 'thread', 'process'].map((isolation) =>
  defineTask({ name: 'book-' + isolation, isolation, retry, run: book }),
)
export const echo = defineTask({ name: 'echo', run: (text) => text })
`

const PLAIN = `
import { defineConfig } from 'windlass'
export default defineConfig({ engine: 'sqlite:windlass.db', tasks: ['tasks.ts'], worker: { count: 1 } })`

/** The bookings of a place, as the table has them. */
function bookings({ folder }: Place): unknown[][] {
  const db = new DatabaseSync(join(folder, 'windlass.db'), { timeout: 5_000 })
  const rows = db.prepare('SELECT id, attempt FROM bookings ORDER BY id').all()
  db.close()
  return rows.map(({ id, attempt }) => [id, attempt])
}

test('a task that crashed within its transaction completes in one of the child that runs it again', async (t) => {
  const place = new Place(t, { 'windlass.config.ts': PLAIN, 'tasks.ts': BOOKING })
  const up = place.start(['up', '--json'])
  await place.json(['enqueue', 'book-inline', '{"first":"dies"}', '--id', 'b'])
  const { code, document } = await place.json(['wait', 'b', '--timeout', '30'])
  assert.equal(code, 0, JSON.stringify(document))
  const { attempt, pid } = document['result'] as { attempt: number; pid: number }
  const workers = up.objects.filter((line) => line['event'] === 'started').map((line) => line['pid'])
  assert.deepEqual([document['attempt'], document['crashes'], document['failures'], attempt], [2, 1, 0, 2])
  assert.ok(!workers.includes(pid), 'it ran in a process of its own')
  assert.deepEqual(bookings(place), [['b', 2]])
  for (const id of ['now-b', 'with-b']) assert.equal((await place.json(['wait', id])).code, 0)
  up.signal('SIGTERM')
  const { stdout } = await up.ended
  assert.doesNotMatch(stdout, /came too late|not committed|task failed/)
})

test('a transaction works in every isolation, also rolled back first and killed after the commit', async (t) => {
  const place = new Place(t, { 'windlass.config.ts': PLAIN, 'tasks.ts': BOOKING })
  const cases = [
    ['book-thread', 'works', 1],
    ['book-process', 'works', 1],
    ['book-thread', 'rolls back', 2],
    ['book-process', 'rolls back', 2],
    ['book-process', 'dies after', 1],
  ] as const
  for (const [i, [type, first]] of cases.entries())
    await place.json(['enqueue', type, JSON.stringify({ first }), '--id', `b${i}`])
  const ran = await place.run(['worker', '--drain=all'])
  assert.equal(ran.code, 0, ran.stdout + ran.stderr)
  for (const [i, [type, first, attempt]] of cases.entries()) {
    const { document } = await place.json(['get', `b${i}`])
    const { state, attempt: last, failures, crashes } = document
    assert.deepEqual(
      [state, last, failures, crashes],
      ['succeeded', attempt, attempt - 1, 0],
      `${type} ${first}`,
    )
  }
  assert.deepEqual(
    bookings(place),
    cases.map(([, , attempt], i) => [`b${i}`, attempt]),
  )
  assert.doesNotMatch(ran.stdout, /came too late/)
})
