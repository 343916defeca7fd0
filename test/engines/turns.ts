// The skip detector (CONTRACT rule 22) on engines with transactions of the caller: producers whose commits overtake each
// other, releases, three priorities. Measured is how long tasks waited beyond their turn: from the first claim of a task
// that comes after (lower priority, or a later place in the same one) until their own. A backlog on a slow machine is
// nobody's fault; being stepped over is.

import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'

/** A task as it was claimed, on a monotonic clock in ms. */
interface Taken {
  readonly task: TaskRecord
  /** When it had become claimable. */
  readonly since: number
  readonly at: number
  /** How long the claim took, in ms. */
  readonly took: number
}

/** A connection of the caller's own. */
interface Producer {
  query(sql: string): Promise<unknown>
}

/** When each task became claimable, by id: its commit, or its release. */
type Since = Map<string, number>

const ROUNDS = 40
const PER_ROUND = 5
/** Longest time in ms that a task may wait beyond its turn, beside two claims as slow as the slowest. */
const MOST = 250

/** Lets the producers enqueue while two sessions claim, and fails where a task was lost or stepped over for too long. */
export async function judgeTurns(engine: Engine, producers: readonly Producer[]): Promise<void> {
  const since: Since = new Map()
  const taken: Taken[] = []
  const stop = new AbortController()
  const consumers = [consume(engine, since, stop.signal, taken), consume(engine, since, stop.signal, taken)]
  await Promise.all(producers.map((client) => produce(engine, client, since)))
  stop.abort()
  await Promise.all(consumers)
  assert.equal(new Set(taken.map(({ task }) => task.id)).size, producers.length * ROUNDS * PER_ROUND)
  const slowest = Math.max(...taken.map(({ took }) => took))
  assert.deepEqual(steppedOver(taken, MOST + 2 * slowest), [])
}

/** Enqueues in transactions of its own that stay open a little, so that later places commit earlier. */
async function produce(engine: Engine, client: Producer, since: Since): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const tasks = Array.from({ length: PER_ROUND }, (_, i) => newTask({ priority: i % 3, minted: true }))
    await client.query('BEGIN')
    await engine.enqueue(tasks, { tx: client })
    await pause(Math.random() * 20)
    await client.query('COMMIT')
    for (const { id } of tasks) since.set(id, performance.now())
  }
}

/** Claims until told to stop and nothing is left; releases every tenth task once. */
async function consume(engine: Engine, since: Since, stop: AbortSignal, taken: Taken[]): Promise<void> {
  const session = newSession()
  await engine.startSession([session])
  const request = { session: session.id, queues: ['default'], limit: 4 }
  for (let left = true; left;) {
    const last = stop.aborted
    const asked = performance.now()
    const [reply] = await engine.claim([{ ...request, claimId: mintToken() }])
    const tasks = reply?.tasks ?? []
    left = !last || tasks.length > 0
    const now = performance.now()
    for (const task of tasks)
      taken.push({ task, since: since.get(task.id) ?? now, at: now, took: now - asked })
    const endings = tasks.map((task) => {
      const again = task.attempt === 1 && taken.length % 10 === 0
      return { task, outcome: again ? outcomes.release() : outcomes.succeed() }
    })
    await engine.settle(
      endings.map(({ task: { id, claim }, outcome }) => {
        return { id, claim: claim ?? '', guard: 'claim' as const, outcome, followUps: [], logs: [] }
      }),
    )
    for (const { task, outcome } of endings) if (outcome.to === 'ready') since.set(task.id, performance.now())
    if (tasks.length === 0) await pause(2)
  }
}

/** Tasks that were stepped over for longer than `most` ms, with how long. */
function steppedOver(taken: readonly Taken[], most: number): [id: string, waited: number][] {
  return taken.flatMap((one): [string, number][] => {
    const after = taken.filter((other) => comesAfter(other, one) && other.at > one.since && other.at < one.at)
    const first = Math.min(...after.map(({ at }) => at))
    return one.at - first > most ? [[one.task.id, Math.round(one.at - first)]] : []
  })
}

/** Claimable at the same time, `other` would be the later one. */
function comesAfter(other: Taken, one: Taken): boolean {
  const rank = one.task.priority - other.task.priority
  return rank > 0 || (rank === 0 && (other.task.place ?? 0) > (one.task.place ?? 0))
}
