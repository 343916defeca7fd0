// Start and stop: once each, in any order, and a failure of either is told and leaves no half.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { WindlassError } from '../core/errors.ts'
import { Service } from './service.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

/** A part whose start and stop are steered by the test. */
class Part extends Service {
  readonly calls: string[] = []
  onStarting: () => Promise<void> = () => Promise.resolve()
  onStopping: () => Promise<void> = () => Promise.resolve()

  protected override onStart(): Promise<void> {
    this.calls.push('start')
    return this.onStarting()
  }

  protected override onStop(): Promise<void> {
    this.calls.push('stop')
    return this.onStopping()
  }
}

const refused = (error: unknown): boolean => error instanceof WindlassError && error.code === 'refused'

test('start twice is one start, stop twice is one stop', async () => {
  const part = new Part()
  assert.equal(part.start(), part.start())
  await part.start()
  assert.equal(part.stop(), part.stop())
  await part.stop()
  assert.deepEqual(part.calls, ['start', 'stop'])
})

test('it runs from the end of a successful start to the beginning of the stop', async () => {
  const part = new Part()
  const gate = Promise.withResolvers<void>()
  part.onStarting = () => gate.promise
  assert.equal(part.running, false)
  const started = part.start()
  assert.equal(part.running, false)
  gate.resolve()
  await started
  assert.equal(part.running, true)
  const stopped = part.stop()
  assert.equal(part.running, false)
  await stopped
  assert.equal(part.running, false)
})

test('a stop before the start calls nothing, and no start is taken after a stop', async () => {
  const part = new Part()
  await part.stop()
  await assert.rejects(part.start(), refused)
  assert.deepEqual(part.calls, [])
  assert.equal(part.running, false)
})

test('a stop during the start waits for it, then stops', async () => {
  const part = new Part()
  const gate = Promise.withResolvers<void>()
  part.onStarting = () => gate.promise
  const started = part.start()
  const stopped = part.stop()
  assert.deepEqual(part.calls, ['start'])
  await assert.rejects(part.start(), refused)
  gate.resolve()
  await Promise.all([started, stopped])
  assert.deepEqual(part.calls, ['start', 'stop'])
})

test('a failed start is told to all who wait for it, and can be tried again', async () => {
  for (const fail of [() => Promise.reject(new Error('no')), (): never => assert.fail('no')]) {
    const part = new Part()
    part.onStarting = fail
    const both = await Promise.allSettled([part.start(), part.start()])
    assert.deepEqual(
      both.map((one) => one.status),
      ['rejected', 'rejected'],
    )
    assert.equal(part.running, false)
    part.onStarting = () => Promise.resolve()
    await part.start()
    assert.equal(part.running, true)
    assert.deepEqual(part.calls, ['start', 'start'])
  }
})

test('a stop after or during a failed start does not stop what never ran', async () => {
  const part = new Part()
  part.onStarting = () => Promise.reject(new Error('no'))
  const started = assert.rejects(part.start(), /no/)
  await part.stop()
  await started
  assert.deepEqual(part.calls, ['start'])
})

test('a failed stop is told every time, and not tried again', async () => {
  const part = new Part()
  part.onStopping = () => Promise.reject(new Error('stuck'))
  await part.start()
  await assert.rejects(part.stop(), /stuck/)
  await assert.rejects(part.stop(), /stuck/)
  assert.deepEqual(part.calls, ['start', 'stop'])
})

test('whatever the order of calls, each start that succeeded is stopped at most once, and never before its end', async () => {
  const step = fc.constantFrom('start' as const, 'stop' as const, 'turn' as const)
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      async (steps, fails) => {
        const part = new Part()
        let starts = 0
        part.onStarting = async () => {
          const fail = fails[starts++]
          await Promise.resolve()
          if (fail === true) throw new Error('no')
          part.calls.push('up')
        }
        const waits: Promise<unknown>[] = []
        for (const one of steps) {
          if (one === 'turn') await Promise.allSettled(waits)
          else waits.push(part[one]())
        }
        await Promise.allSettled([...waits, part.stop()])
        const { calls } = part
        assert.ok(calls.filter((call) => call === 'up').length <= 1)
        assert.equal(calls.includes('stop'), calls.includes('up'))
        if (calls.includes('stop')) assert.equal(calls.indexOf('stop'), calls.length - 1)
      },
    ),
    { numRuns: 200 },
  )
})
