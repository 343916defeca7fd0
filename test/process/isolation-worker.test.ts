/** `windlass worker` with children: they load the config as it does, and none outlives it, however it ends. */
import assert from 'node:assert/strict'
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
