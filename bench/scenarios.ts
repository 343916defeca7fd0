// What is measured, engine by engine: each scenario answers a rate in tasks per second (or claims per second).
// Everything is durable before it counts: a task is processed when its settlement was acknowledged.

import type { Engine } from '../src/core/engine.ts'
import type { NewTask } from '../src/core/hot-verbs.ts'
import { mintToken } from '../src/core/ids.ts'
import { newSession, newTask, outcomes } from '../src/testing/samples.ts'
import type { Bare } from './bare.ts'

/** How much is measured: a full run or a quick one. */
export interface Size {
  readonly tasks: number
  readonly backlog: number
  /** Calls that wait for one commit each. */
  readonly commits: number
}

export interface Scenario {
  readonly name: string
  readonly unit: string
  readonly run: (engine: Engine, size: Size) => Promise<number>
  /** The same by hand; engines are told as a ratio to it. */
  readonly bare: ((bare: Bare, size: Size) => Promise<number>) | null
  readonly bareName: string
}

const PAYLOAD = JSON.stringify({ path: '/data/input/file.bin', note: 'x'.repeat(160) })
const LOGS: readonly never[] = []

function sampleTasks(count: number): NewTask[] {
  return Array.from({ length: count }, () => newTask({ payload: PAYLOAD, minted: true }))
}

/** Enqueues so many sample tasks. */
export async function fill(engine: Engine, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) await engine.enqueue(sampleTasks(Math.min(1_000, left)))
}

/** Tasks per second of `work`, which answers how many it did. */
export async function rate(work: () => Promise<number> | number): Promise<number> {
  const since = performance.now()
  const count = await work()
  return (count * 1_000) / (performance.now() - since)
}

/** Claims and settles until nothing is left, a settlement and the next claim travelling together. */
export async function processAll(engine: Engine, session: string, concurrency: number): Promise<number> {
  const claim = () =>
    engine.claim([{ session, claimId: mintToken(), queues: ['default'], limit: concurrency }])
  let count = 0
  let [reply] = await claim()
  while (reply !== undefined && reply.tasks.length > 0) {
    const ended = reply.tasks.map((task) => {
      JSON.parse(task.payload)
      const token = task.claim ?? ''
      return {
        id: task.id,
        claim: token,
        guard: 'claim' as const,
        outcome: outcomes.succeed('null'),
        followUps: [],
        logs: LOGS,
      }
    })
    const [settled, claimed] = await Promise.all([engine.settle(ended), claim()])
    count += settled.filter((one) => one.status === 'applied').length
    reply = claimed[0]
  }
  return count
}

/** The whole way of no-op tasks through an engine. */
export function processing(concurrency: number): Scenario {
  return {
    name: `process no-op, ${concurrency} at a time`,
    unit: 'tasks/s',
    run: async (engine, { tasks }) => {
      const session = newSession()
      await engine.startSession([session])
      await fill(engine, tasks)
      return rate(() => processAll(engine, session.id, concurrency))
    },
    bareName: 'bare loop',
    bare: async (bare, { tasks }) => {
      for (let left = tasks; left > 0; left -= 1_000) await bare.enqueue(sampleTasks(Math.min(1_000, left)))
      return rate(async () => {
        const count = await bare.workOff(concurrency)
        if (count !== tasks) throw new Error(`the bare loop settled ${count} of ${tasks} tasks`)
        return count
      })
    },
  }
}

export const enqueueMany: Scenario = {
  name: 'enqueue 1,000 at a time',
  unit: 'tasks/s',
  run: (engine, { tasks }) => inThousands(tasks, (batch) => engine.enqueue(batch)),
  bareName: 'bare loop',
  bare: (bare, { tasks }) => inThousands(tasks, (batch) => bare.enqueue(batch)),
}

async function inThousands(tasks: number, enqueue: (batch: NewTask[]) => unknown): Promise<number> {
  const batches = Array.from({ length: Math.ceil(tasks / 1_000) }, () => sampleTasks(1_000))
  return rate(async () => {
    for (const batch of batches) await enqueue(batch)
    return batches.length * 1_000
  })
}

export const singleEnqueues: Scenario = {
  name: 'single enqueues, 100 in flight',
  unit: 'tasks/s',
  run: (engine, { tasks }) => singly(Math.ceil(tasks / 2), (task) => engine.enqueue([task])),
  bareName: 'one commit per call',
  bare: (bare, { commits }) => singly(commits, (task) => bare.enqueue([task])),
}

function singly(count: number, enqueue: (task: NewTask) => unknown): Promise<number> {
  const waiting = sampleTasks(count)
  return rate(async () => {
    const caller = async (): Promise<void> => {
      for (let task = waiting.pop(); task !== undefined; task = waiting.pop()) await enqueue(task)
    }
    await Promise.all(Array.from({ length: 100 }, caller))
    return count
  })
}

/** Claims of 100 with a store that holds many ready rows and as many finished ones. */
function claiming(label: string, backlogOf: (size: Size) => number): Scenario {
  return {
    name: `claim and settle 100 at a time beside ${label} ready and as many finished`,
    unit: 'tasks/s',
    run: async (engine, size) => {
      const session = newSession()
      await engine.startSession([session])
      const backlog = backlogOf(size)
      await fill(engine, backlog)
      await processAll(engine, session.id, 500)
      await fill(engine, backlog)
      return rate(() => processSome(engine, session.id, Math.min(backlog, 10_000)))
    },
    bareName: '',
    bare: null,
  }
}

async function processSome(engine: Engine, session: string, count: number): Promise<number> {
  let done = 0
  while (done < count) {
    const [reply] = await engine.claim([{ session, claimId: mintToken(), queues: ['default'], limit: 100 }])
    const ended = (reply?.tasks ?? []).map((task) => ({
      id: task.id,
      claim: task.claim ?? '',
      guard: 'claim' as const,
      outcome: outcomes.succeed('null'),
      followUps: [],
      logs: LOGS,
    }))
    if (ended.length === 0) break
    await engine.settle(ended)
    done += ended.length
  }
  return done
}

export const SCENARIOS: readonly Scenario[] = [
  processing(10),
  processing(100),
  processing(500),
  enqueueMany,
  singleEnqueues,
  claiming('10,000', () => 10_000),
  claiming('200,000 (quick: 20,000)', ({ backlog }) => backlog),
]
