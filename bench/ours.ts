// What is measured of ours: a real worker process and a real client on one store, the same way on every engine, as the
// programs of the peers do with theirs. Times are of the monotonic clock that all processes of a machine share.

import { setTimeout as sleep } from 'node:timers/promises'

import { WindlassError } from '../src/core/errors.ts'
import { Windlass } from '../src/windlass.ts'
import { LeftOut } from './left-out.ts'
import { withWorker, type Talk } from './processes.ts'
import { rate } from './scenarios.ts'
import type { Subject } from './stores.ts'
import { INPUT, inputs, noop } from './tasks.ts'
import type { Answer } from './worker-process.ts'

export interface Pickups {
  readonly p50: number
  readonly p99: number
  /** Percent of a core while nothing happened. */
  readonly idle: number
}

const IN_FLIGHT = 100
/** As long as peers are given to catch up, in ms. */
const LATE_MOST = 20_000

export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

async function withClient<R>(
  subject: Subject,
  run: (windlass: Windlass, url: string) => Promise<R>,
): Promise<R> {
  return subject.withStore(async (url) => {
    const windlass = new Windlass({ engine: url, tasks: [noop()] })
    try {
      await windlass.engine()
      return await run(windlass, url)
    } catch (error) {
      if (error instanceof WindlassError && error.code === 'engine_not_available')
        throw new LeftOut(error.message, { cause: error })
      throw error
    } finally {
      await windlass.close()
    }
  })
}

/** Tasks per second of one worker process, from the first handler until the last settlement was acknowledged. */
export async function worked(subject: Subject, tasks: number, concurrency: number): Promise<number> {
  const { ms = 1 } = await drained(subject, tasks, concurrency)
  return (tasks * 1_000) / ms
}

/** Works so many off in one worker process; `beside` holds meanwhile. */
export function drained(
  subject: Subject,
  tasks: number,
  concurrency: number,
  beside: (url: string, work: () => Promise<Answer>) => Promise<Answer> = (_url, work) => work(),
): Promise<Answer> {
  return withClient(subject, (windlass, url) =>
    withWorker(url, concurrency, async (talk) => {
      for (const chunk of inputs(tasks)) await windlass.enqueueMany('sample', chunk)
      return beside(url, () => talk({ ask: 'drain', count: tasks }))
    }),
  )
}

/** Tasks per second, 1,000 in each call, one call after the other. */
export function enqueuedMany(subject: Subject, tasks: number): Promise<number> {
  return withClient(subject, (windlass) =>
    rate(async () => {
      for (const chunk of inputs(tasks)) await windlass.enqueueMany('sample', chunk)
      return tasks
    }),
  )
}

/** Tasks per second of single calls, 100 in flight. */
export function enqueuedSingly(subject: Subject, tasks: number): Promise<number> {
  return withClient(subject, (windlass) => {
    let left = tasks
    const caller = async (): Promise<void> => {
      while (left-- > 0) await windlass.enqueue('sample', INPUT)
    }
    return rate(async () => {
      await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
      return tasks
    })
  })
}

/** From the call of `enqueue` to the start of the handler in another process that was idle, one every 10 to 30 ms. */
export function pickups(subject: Subject, count: number, idleMs: number): Promise<Pickups> {
  return withClient(subject, (windlass, url) =>
    withWorker(url, 10, async (talk) => {
      await talk({ ask: 'pick' })
      const sent = new Map<string, number>()
      for (let i = -20; i < count; i++) {
        await sleep(10 + Math.random() * 20)
        const at = now()
        const { id } = await windlass.enqueue('sample', INPUT)
        if (i >= 0) sent.set(id, at)
      }
      const waits = waitsOf(sent, await startsOf(talk, sent))
      const before = await talk({ ask: 'cpu' })
      await sleep(idleMs)
      const after = await talk({ ask: 'cpu' })
      return { ...waits, idle: (((after.ms ?? 0) - (before.ms ?? 0)) * 100) / idleMs }
    }),
  )
}

/** From the call of `enqueue` to the start of the handler while 1,000 tasks come each second; the first are let go. */
export function steadily(subject: Subject, count: number): Promise<Omit<Pickups, 'idle'>> {
  return withClient(subject, (windlass, url) =>
    withWorker(url, 100, async (talk) => {
      await talk({ ask: 'pick' })
      await sleep(500)
      const sent = new Map<string, number>()
      const calls: Promise<void>[] = []
      const send = async (counts: boolean): Promise<void> => {
        const at = now()
        const { id } = await windlass.enqueue('sample', INPUT)
        if (counts) sent.set(id, at)
      }
      const warm = Math.min(1_000, count)
      for (const since = now(); calls.length < warm + count; await sleep(1)) {
        const due = Math.min(warm + count, now() - since)
        while (calls.length < due) calls.push(send(calls.length >= warm))
      }
      await Promise.all(calls)
      return waitsOf(sent, await startsOf(talk, sent))
    }),
  )
}

/** What has started, once all that counts has; or as it is when waiting longer is in vain. */
async function startsOf(talk: Talk, sent: ReadonlyMap<string, number>): Promise<Answer> {
  for (const since = now(); ; await sleep(100)) {
    const answer = await talk({ ask: 'starts' })
    const count = answer.starts?.filter(([id]) => sent.has(id)).length ?? 0
    if (count >= sent.size || now() - since > LATE_MOST) return answer
  }
}

function waitsOf(sent: ReadonlyMap<string, number>, { starts = [] }: Answer): Omit<Pickups, 'idle'> {
  const waits = starts
    .flatMap(([id, at]) => (sent.has(id) ? [at - (sent.get(id) ?? 0)] : []))
    .toSorted((a, b) => a - b)
  if (waits.length !== sent.size) throw new Error(`${waits.length} of ${sent.size} tasks were picked up`)
  const at = (share: number): number => waits[Math.floor((waits.length - 1) * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}
