// What each fate does to a call: whether it happened, and what the caller is told.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { appliedOf } from '../../core/errors.ts'
import { openMemory } from '../../engines/memory/engine.ts'
import { newTask } from '../samples.ts'
import { Random } from '../simulation/random.ts'
import { World } from '../simulation/world.ts'
import { CALM, drawFate, type FateKind } from './fate.ts'
import { faultyEngine } from './faulty-engine.ts'

interface Told {
  readonly outcome: string
  readonly applied: string | null
  /** When the caller heard. */
  readonly at: number
  /** Was the task there then, and later? */
  readonly there: boolean
  readonly later: boolean
}

async function enqueueUnder(kind: FateKind): Promise<Told> {
  const world = new World(new Random(1))
  const store = openMemory({ now: () => Math.floor(world.now) })
  const engine = faultyEngine(store, {
    timeout: 400,
    fate: () => ({ kind, there: 10, back: 10 }),
    hint: () => 5,
    network: (ms, arrive) => void world.after(ms, arrive),
    client: (ms, hear) => world.after(ms, hear),
  })
  const there = async (): Promise<boolean> => (await store.records.get(['a']))[0] !== null
  const told: Omit<Told, 'later'>[] = []
  const tell = async (outcome: string, applied: string | null): Promise<void> => {
    told.push({ outcome, applied, at: Math.round(world.now), there: await there() })
  }
  world.after(0, () => {
    engine.enqueue([newTask({ id: 'a' })]).then(
      ([reply]) => tell(reply?.outcome ?? '', null),
      (error: unknown) => tell('failed', appliedOf(error)),
    )
  })
  await world.run(2_000)
  const [once] = told
  assert.ok(once !== undefined && told.length === 1)
  return { ...once, later: await there() }
}

suite('faulty engine', () => {
  const expected: Record<FateKind, Told> = {
    answer: { outcome: 'created', applied: null, at: 20, there: true, later: true },
    refuse: { outcome: 'failed', applied: 'no', at: 20, there: false, later: false },
    lost_request: { outcome: 'failed', applied: 'unknown', at: 400, there: false, later: false },
    lost_reply: { outcome: 'failed', applied: 'unknown', at: 400, there: true, later: true },
    late: { outcome: 'failed', applied: 'unknown', at: 400, there: false, later: true },
    double: { outcome: 'existing', applied: null, at: 20, there: true, later: true },
  }
  for (const [kind, told] of Object.entries(expected)) {
    test(`${kind}: ${told.outcome}, applied ${told.applied ?? 'as told'}`, async () => {
      assert.deepEqual(await enqueueUnder(kind as FateKind), told)
    })
  }

  test('a way that is longer than the patience of the caller ends in doubt', async () => {
    const world = new World(new Random(1))
    const store = openMemory({ now: () => Math.floor(world.now) })
    const engine = faultyEngine(store, {
      timeout: 400,
      fate: () => ({ kind: 'answer', there: 300, back: 300 }),
      hint: () => false,
      network: (ms, arrive) => void world.after(ms, arrive),
      client: (ms, hear) => world.after(ms, hear),
    })
    const heard: unknown[] = []
    const hints: unknown[] = []
    engine.watch((hint) => hints.push(hint))
    world.after(0, () => {
      engine.enqueue([newTask({ id: 'a' })]).catch((error: unknown) => heard.push(appliedOf(error)))
    })
    await world.run(2_000)
    assert.deepEqual(heard, ['unknown'])
    assert.deepEqual(hints, [], 'every hint was to be lost')
  })

  test('fates are drawn in their shares, and only what may be repeated is doubled', () => {
    const random = new Random(7)
    const weather = { ...CALM, refuse: 0.1, lostRequest: 0.1, lostReply: 0.2, late: 0.1, double: 0.1 }
    const count = (verb: string): Map<FateKind, number> => {
      const seen = new Map<FateKind, number>()
      for (let i = 0; i < 10_000; i++) {
        const { kind } = drawFate(weather, verb, random)
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
      return seen
    }
    const settles = count('settle')
    for (const [kind, share] of [
      ['lost_reply', 0.2],
      ['double', 0.1],
      ['answer', 0.4],
    ] as const)
      assert.ok(Math.abs((settles.get(kind) ?? 0) / 10_000 - share) < 0.02, kind)
    assert.equal(count('act').get('double'), undefined)
  })
})
