/** Errors of user code that nobody caught: told with their stack, and no task that runs beside them is charged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FILES } from '../cli/fixtures.ts'
import { Place, type Document } from '../cli/launch.ts'

const STRAY = `
import { defineTask } from 'windlass'

export const reject = defineTask({
  name: 'reject',
  run: () => {
    setTimeout(function forgotten() {
      Promise.reject(new Error('nobody waits for this'))
    }, 50)
  },
})
export const throws = defineTask({
  name: 'throws',
  run: () => {
    setTimeout(function late() {
      throw new Error('thrown in a timer')
    }, 50)
  },
})
`

const CONFIG = `
import { defineConfig } from 'windlass'
export default defineConfig({ engine: 'sqlite:windlass.db', tasks: ['*tasks.ts'] })`

function place(t: Parameters<Parameters<typeof test>[0] & object>[0]): Place {
  return new Place(t, { ...FILES, 'windlass.config.ts': CONFIG, 'stray-tasks.ts': STRAY })
}

async function task(one: Place, id: string): Promise<Document> {
  return (await one.json(['get', id])).document
}

for (const [type, message] of [
  ['reject', 'nobody waits for this'],
  ['throws', 'thrown in a timer'],
] as const)
  test(`${type}: the worker drains, exits 1, and the innocent end as they should`, async (t) => {
    const at = place(t)
    const worker = at.start(['worker', '--json'])
    await at.json(['enqueue', 'slow', '{"ms":1500}', '--id', 'innocent'])
    await worker.until(
      (one) => one.stdout.includes('slow begins innocent') || one.stderr.includes('slow begins innocent'),
    )
    await at.json(['enqueue', type, '--id', 'guilty'])
    const { code, stdout } = await worker.ended
    assert.equal(code, 1, stdout)
    const told = worker.objects.find((line) => /nobody caught this error/.test(String(line['message'])))
    const error = told?.['error'] as Document
    assert.deepEqual([told?.['level'], error['message']], ['error', message])
    assert.match(String(error['stack']), /stray-tasks\.ts/)
    const innocent = await task(at, 'innocent')
    assert.deepEqual(
      [innocent['state'], innocent['attempt'], innocent['crashes'], innocent['failures']],
      ['succeeded', 1, 0, 0],
    )
  })

test('under a supervisor another worker takes its place', async (t) => {
  const at = place(t)
  const up = at.start(['up', '--json', '--workers', '1'])
  const ready = (): number => up.objects.filter((line) => line['event'] === 'ready').length
  await up.until(() => ready() === 1)
  await at.json(['enqueue', 'reject', '--id', 'guilty'])
  await up.until(() => ready() === 2)
  await at.json(['enqueue', 'echo', '--id', 'next'])
  const next = await at.json(['wait', 'next'])
  assert.equal(next.code, 0)
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
})
