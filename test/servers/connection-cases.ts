// What every engine behind a server must do when its connection goes bad, verb by verb and fault by fault: the call ends
// in time and says what it knows, the same call again gets the right answer, and no broken connection stays.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { WindlassError } from '../../src/core/errors.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { TcpProxy } from '../../src/testing/faults/proxy.ts'
import { CALL_TIMEOUT, openBench, type Bench } from './bench.ts'
import { VERBS, type Attempt } from './verbs.ts'

/** Goes wrong right before the call; the answer is what else happens while it runs. */
type Fault = (proxy: TcpProxy) => void | Promise<void>

const FAULTS: Readonly<Record<string, Fault>> = {
  'cut before it is sent': (proxy) => proxy.cut(),
  'cut while it is under way': (proxy) => {
    proxy.delay({ toClient: 200 })
    setTimeout(() => proxy.cut(), 100)
  },
  'slower than the caller waits': (proxy) => proxy.delay({ toClient: 3 * CALL_TIMEOUT }),
  'in a black hole': (proxy) => proxy.silence(),
  'half open': (proxy) => proxy.halfOpen(),
  'done, and the reply is lost in a cut': (proxy) => proxy.loseReply({ when: () => true, end: 'cut' }),
  'done, and the reply never comes': (proxy) => proxy.loseReply({ when: () => true, end: 'hang' }),
  refused: async (proxy) => {
    await proxy.refuse()
    proxy.cut()
  },
}

/** Beyond its time limit a call may still tidy up. */
const SLACK = 700
/** A half-open connection has to be noticed by then. */
const NOTICED = 15_000

/** Declares the tests for the engine behind this URL. */
export function runConnectionCases(engine: string, url: string): void {
  suite(`${engine}: connections that go bad`, { concurrency: 6 }, () => {
    for (const [verb, prepare] of Object.entries(VERBS))
      for (const [fault, strike] of Object.entries(FAULTS))
        test(`${verb}: ${fault}`, async (t) => {
          const bench = await openBench(t, url)
          await judgeFault(bench, await prepare(bench.direct), strike)
          if (fault.startsWith('done')) assert.equal(bench.proxy.lost, 1, 'the fault did not fire')
        })

    test('a short delay costs nothing but time', async (t) => {
      const { engine: slow, proxy } = await openBench(t, url)
      proxy.delay({ toServer: 50, toClient: 50 })
      const replies = await Promise.all([newTask(), newTask()].map((task) => slow.enqueue([task])))
      assert.deepEqual(
        replies.flat().map(({ outcome }) => outcome),
        ['created', 'created'],
      )
    })

    test('hints come again after their connection went half open', { timeout: 60_000 }, async (t) =>
      judgeHints(await openBench(t, url)),
    )

    test('closing gives back every connection, also while nothing answers', async (t) => {
      for (const strike of [() => undefined, (proxy: TcpProxy) => proxy.silence()]) {
        const { engine: closing, proxy } = await openBench(t, url)
        closing.watch(() => undefined)
        await closing.enqueue([newTask()])
        strike(proxy)
        const since = performance.now()
        await closing.close()
        assert.ok(performance.now() - since < CALL_TIMEOUT + SLACK, 'close took too long')
        await eventually('its connections are closed', () => proxy.open === 0)
      }
    })
  })
}

async function judgeFault({ engine, direct, proxy }: Bench, attempt: Attempt, strike: Fault): Promise<void> {
  // Warm: the first call of an engine may connect.
  await engine.records.get(['none'])
  const before = proxy.open
  await strike(proxy)
  const since = performance.now()
  const first = await outcomeOf(attempt.call(engine))
  const took = performance.now() - since
  assert.ok(took < CALL_TIMEOUT + SLACK, `the call ended after ${Math.round(took)} ms`)
  await sleep(100)
  if (first.applied === 'no') assert.equal(await attempt.done(direct), false, 'told not applied, and it was')
  if (first.applied === null) attempt.check(first.answer)
  proxy.heal()
  await proxy.accept()
  attempt.check(await repeat(attempt, engine))
  await attempt.judge(direct)
  await eventually('connections are back to normal', () => proxy.open <= before + 1)
}

/** The answer, or what its failure says: anything but a WindlassError that knows is a mistake of the engine. */
async function outcomeOf(call: Promise<unknown>) {
  try {
    return { answer: await call, applied: null }
  } catch (error) {
    assert.ok(error instanceof WindlassError, String(error))
    assert.ok(error.applied !== null, `${error.code} does not say whether it was applied`)
    assert.match(error.code, /^engine_(unreachable|timeout|busy)$/)
    return { answer: null, applied: error.applied }
  }
}

/** As callers do: again with the same ids, until it is answered. */
async function repeat(attempt: Attempt, engine: Bench['engine']): Promise<unknown> {
  for (const late = performance.now() + NOTICED; ;) {
    const { answer, applied } = await outcomeOf(attempt.call(engine))
    if (applied === null) return answer
    assert.ok(performance.now() < late, 'no answer, although the connection is good again')
    await sleep(50)
  }
}

async function judgeHints({ engine, direct, proxy }: Bench): Promise<void> {
  const hints: unknown[] = []
  const stop = engine.watch((hint) => hints.push(hint))
  const enqueueUntilHint = async (within: number): Promise<void> => {
    const from = hints.length
    for (const late = performance.now() + within; hints.length === from;) {
      assert.ok(performance.now() < late, `no hint within ${within} ms`)
      await direct.enqueue([newTask()])
      await sleep(100)
    }
  }
  await enqueueUntilHint(10_000)
  proxy.halfOpen()
  // Hints that were on their way may still come.
  await sleep(200)
  await enqueueUntilHint(NOTICED + 5_000)
  stop()
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const late = performance.now() + NOTICED; !holds(); await sleep(50))
    assert.ok(performance.now() < late, `not within ${NOTICED} ms: ${what}`)
}
