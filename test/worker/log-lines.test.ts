/** What the log says of each attempt, how much of it at which level, and that every line is in the catalogue. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, type LogLevel } from '../../src/base/log.ts'
import { Fatal } from '../../src/core/errors.ts'
import { newTask } from '../../src/testing/samples.ts'
import { createRig, task, type LoggedLine, type Rig } from './rig.ts'

const BEGINS = 'task begins'
const FINISHED = 'task processing finished'

/** A log of that level, and its lines. */
function keep(level: LogLevel) {
  const lines: LoggedLine[] = []
  const destination = { write: (text: string) => lines.push(JSON.parse(text) as LoggedLine) }
  const count = (message: string | RegExp): number =>
    lines.filter((line) =>
      typeof message === 'string' ? line.message === message : message.test(line.message),
    ).length
  return { log: createLog({ level, json: true, destination }), lines, count }
}

function of(rig: Rig, message: string): Record<string, unknown>[] {
  return rig.lines.filter((line) => line.message === message)
}

test('each attempt begins and finishes in the log, with its outcome, its time and the decision about a retry', async (t) => {
  const rig = await createRig(t)
  const any = task('any', async (how: string, { attempt }) => {
    await new Promise<void>((resolve) => rig.clock.timer(120, resolve))
    if (how === 'fails' || (how === 'fails once' && attempt === 1)) throw new Error('not today')
    if (how === 'fatal') throw new Fatal('never')
  })
  await rig.worker([any])
  const id = await rig.enqueue(any, 'fails once', { retry: { retries: 2, delay: '60s' } })
  await rig.clock.run(61_000)
  const own = { task: id, type: 'any', queue: 'default' }
  const shown = (line: Record<string, unknown>): Record<string, unknown> => {
    const { level, time: _, message: __, ...fields } = line
    return { level, ...fields }
  }
  assert.deepEqual(of(rig, BEGINS).map(shown), [
    { level: 'info', ...own, attempt: 1 },
    { level: 'info', ...own, attempt: 2 },
  ])
  assert.deepEqual(of(rig, FINISHED).map(shown), [
    { level: 'info', ...own, attempt: 1, duration_ms: 120, outcome: 'retry', reason: 'failed' },
    { level: 'info', ...own, attempt: 2, duration_ms: 120, outcome: 'succeed' },
  ])
  assert.ok(rig.said('warn').includes('task failed (failures 1 of 2, again in 60 s): not today'))
  await rig.enqueue(any, 'fails', { retry: false })
  await rig.enqueue(any, 'fatal')
  await rig.clock.run(1_000)
  assert.deepEqual(
    of(rig, FINISHED)
      .slice(2)
      .map((line) => [line['outcome'], line['reason']]),
    [
      ['die', 'failed'],
      ['die', 'fatal'],
    ],
  )
})

test('what is handed back before it begins is no attempt of the log', async (t) => {
  const rig = await createRig(t)
  await rig.worker([task('any', () => 'ok')])
  await rig.put(newTask({ type: 'unheard-of' }))
  await rig.clock.run(100)
  assert.deepEqual([of(rig, BEGINS), of(rig, FINISHED)], [[], []])
})

for (const [level, singly, more] of [
  ['info', 100, 150],
  ['debug', 250, 0],
  ['warn', 0, 0],
] as const) {
  test(`a burst at level ${level}: ${singly} attempts one by one, ${more} as a sum`, async (t) => {
    const rig = await createRig(t)
    const { log, lines, count } = keep(level)
    await rig.engine.enqueue(Array.from({ length: 250 }, () => newTask({ type: 'any' })))
    await rig.worker([task('any', () => 'ok')], { log, concurrency: 50 })
    await rig.clock.run(2_500)
    assert.deepEqual([count(BEGINS), count(FINISHED)], [singly, singly])
    const sum = lines.find((line) => /more tasks finished/.test(line.message))
    assert.equal(sum?.['count'] ?? 0, more)
    // The next second is told again.
    await rig.enqueue('any')
    await rig.clock.run(100)
    assert.equal(count(FINISHED), level === 'warn' ? 0 : singly + 1)
  })
}
