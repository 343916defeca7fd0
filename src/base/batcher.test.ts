// Micro-batching: no waiting added, order and bounds kept, each item answered once, the guilty told alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { WindlassError } from '../core/errors.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

class Poison extends Error {}

interface Rig {
  readonly batcher: Batcher<number, string>
  /** Every batch that was sent. */
  readonly sent: number[][]
  /** Sends that wait for their answer. */
  readonly gates: { open: () => void }[]
}

/** Sends wait for their gate when `gated`; items in `poisoned` fail their batch. */
function rig(
  more: Partial<BatcherOptions<number, string>> = {},
  poisoned = new Set<number>(),
  gated = false,
): Rig {
  const sent: number[][] = []
  const gates: { open: () => void }[] = []
  const batcher = new Batcher<number, string>({
    send: async (items) => {
      sent.push([...items])
      if (gated) await new Promise<void>((open) => gates.push({ open }))
      if (items.some((item) => poisoned.has(item))) throw new Poison(`poisoned ${items.join()}`)
      return items.map(String)
    },
    maxCount: 1_000,
    maxWeight: 1_000,
    weightOf: () => 1,
    canSplit: (error) => error instanceof Poison,
    ...more,
  })
  return { batcher, sent, gates }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

test('the first call is sent within its own tick, together with the others of that tick', async () => {
  const { batcher, sent } = rig()
  const answers = Promise.all([batcher.add(1), batcher.add(2), batcher.add(3)])
  assert.deepEqual(sent, [])
  await Promise.resolve()
  assert.deepEqual(sent, [[1, 2, 3]])
  assert.deepEqual(await answers, ['1', '2', '3'])
})

test('calls made during a flush travel together in the next one, which starts when it returns', async () => {
  const { batcher, sent, gates } = rig({}, new Set(), true)
  const first = batcher.add(1)
  await turn()
  const others = [batcher.add(2), batcher.add(3)]
  await turn()
  assert.deepEqual(sent, [[1]])
  assert.equal(batcher.pending, 3)
  gates[0]?.open()
  await first
  await turn()
  assert.deepEqual(sent, [[1], [2, 3]])
  gates[1]?.open()
  assert.deepEqual(await Promise.all(others), ['2', '3'])
  assert.equal(batcher.pending, 0)
})

test('batches are bounded by count and weight, a heavy item travels alone, the order is that of the calls', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 10 }),
      async (weights, maxCount, maxWeight) => {
        const weightOf = (item: number): number => weights[item] ?? 0
        const { batcher, sent } = rig({ maxCount, maxWeight, weightOf })
        const answers = await Promise.all(range(weights.length).map((item) => batcher.add(item)))
        assert.deepEqual(answers, range(weights.length).map(String))
        assert.deepEqual(sent.flat(), range(weights.length))
        for (const [i, batch] of sent.entries()) {
          const weight = batch.reduce((sum, item) => sum + weightOf(item), 0)
          assert.ok(batch.length <= maxCount)
          assert.ok(batch.length === 1 || weight <= maxWeight)
          const next = sent[i + 1]?.[0]
          if (next === undefined) continue
          assert.ok(
            batch.length === maxCount || weight + weightOf(next) > maxWeight,
            'as full as it could be',
          )
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('bisection tells exactly the poisoned callers, and every other one is answered once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.uniqueArray(fc.nat(39)), async (count, bad) => {
      const poisoned = new Set(bad)
      const { batcher, sent } = rig({}, poisoned)
      const settled = await Promise.allSettled(range(count).map((item) => batcher.add(item)))
      for (const [item, one] of settled.entries()) {
        if (poisoned.has(item))
          assert.deepEqual(one, { status: 'rejected', reason: new Poison(`poisoned ${item}`) })
        else assert.deepEqual(one, { status: 'fulfilled', value: String(item) })
      }
      const delivered = sent.filter((batch) => batch.every((item) => !poisoned.has(item))).flat()
      assert.deepEqual(
        delivered,
        range(count).filter((item) => !poisoned.has(item)),
        'once each, in order',
      )
      const guilty = bad.filter((item) => item < count).length
      assert.ok(sent.length <= 1 + 2 * guilty * Math.ceil(Math.log2(count) + 1))
    }),
    { numRuns: 200 },
  )
})

test('an error that may not be split is told to the whole batch, and only one send was tried', async () => {
  const error = new Error('unknown outcome')
  let sends = 0
  const send = (): Promise<string[]> => {
    sends++
    return Promise.reject(error)
  }
  const { batcher } = rig({ send })
  const settled = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)))
  assert.deepEqual(
    settled,
    range(3).map(() => ({ status: 'rejected', reason: error })),
  )
  assert.equal(sends, 1)
})

test('an answer of the wrong length is told to all as unknown, is not sent again and gives nobody another one', async () => {
  for (const answers of [[], ['1'], ['1', '2', '3'], undefined, null, 'ab', { length: 2 }]) {
    let sends = 0
    const send = async (): Promise<string[]> => {
      sends++
      return answers as string[]
    }
    const { batcher } = rig({ send, canSplit: () => true })
    for (const one of await Promise.allSettled([batcher.add(1), batcher.add(2)])) {
      assert.ok(one.status === 'rejected' && one.reason instanceof WindlassError)
      assert.deepEqual([one.reason.code, one.reason.applied], ['internal', 'unknown'])
    }
    assert.equal(sends, 1)
  }
})

test('an owner whose functions throw loses no caller and stops no later flush', async () => {
  const thrown = (): never => {
    throw new Error('owner')
  }
  const sync = rig({ send: thrown })
  await assert.rejects(sync.batcher.add(1), /owner/)
  const split = rig({ canSplit: thrown }, new Set([1]))
  const settled = await Promise.allSettled([split.batcher.add(1), split.batcher.add(2)])
  assert.deepEqual(
    settled.map((one) => one.status),
    ['rejected', 'rejected'],
  )
  assert.equal(await split.batcher.add(3), '3')
  const weighed = rig({ weightOf: (item) => (item === 1 ? thrown() : 1) })
  const results = await Promise.allSettled([weighed.batcher.add(1), weighed.batcher.add(2)])
  assert.deepEqual(
    results.map((one) => one.status),
    ['rejected', 'fulfilled'],
  )
  for (const { batcher } of [sync, split, weighed]) assert.equal(batcher.pending, 0)
})

test('each item is weighed once', async () => {
  const weighed: number[] = []
  const weightOf = (item: number): number => weighed.push(item)
  const { batcher } = rig({ weightOf, maxCount: 2 })
  await Promise.all(range(9).map((item) => batcher.add(item)))
  assert.deepEqual(weighed, range(9))
})

test('drained waits for all that waits and flies', async () => {
  const { batcher, gates } = rig({ maxCount: 1 }, new Set(), true)
  await batcher.drained()
  const adds = [batcher.add(1), batcher.add(2)]
  let drained = false
  const wait = batcher.drained().then(() => (drained = true))
  for (const i of range(2)) {
    await turn()
    assert.equal(drained, false)
    gates[i]?.open()
  }
  await wait
  assert.deepEqual(await Promise.all(adds), ['1', '2'])
})

test('with a concurrency of two, two batches fly and never a third', async () => {
  let flying = 0
  let most = 0
  const send = async (items: readonly number[]): Promise<string[]> => {
    most = Math.max(most, ++flying)
    await turn()
    flying--
    return items.map(String)
  }
  const { batcher } = rig({ send, concurrency: 2, maxCount: 3 })
  assert.deepEqual(await Promise.all(range(20).map((item) => batcher.add(item))), range(20).map(String))
  assert.deepEqual([most, flying, batcher.pending], [2, 0, 0])
  const adds = range(4).map((item) => batcher.add(item))
  await batcher.drained()
  assert.deepEqual([flying, batcher.pending], [0, 0])
  await Promise.all(adds)
})

test('calls at any time, from any caller, are answered once each and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }),
      async (s, groups) => {
        const order: number[] = []
        const send = s.scheduleFunction(async (items: readonly number[]) => {
          order.push(...items)
          return items.map(String)
        })
        const { batcher } = rig({ send: (items) => send(items), maxCount: 4 })
        let next = 0
        const added: Promise<string>[] = []
        const calls = s.scheduleSequence(
          groups.map((size) => async () => {
            for (const item of range(size).map(() => next++)) added.push(batcher.add(item))
          }),
        )
        await s.waitFor(calls.task.then(() => Promise.all(added)))
        assert.deepEqual(order, range(next))
        assert.deepEqual(await Promise.all(added), range(next).map(String))
      },
    ),
    { numRuns: 100 },
  )
})
