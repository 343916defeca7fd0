// The administering side of queues and workers: what waits where, who takes it, pause and resume, clear.
// A pause is a document that every engine obeys in its next claim; it is changed by compare-and-set.

import type { QueueStats, TaskFilter, TaskPage } from '../core/cold-verbs.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { QUEUE_DOCUMENT, readQueueSettings, writeQueueSettings } from '../core/queue-settings.ts'
import type { SessionRecord, TaskState } from '../core/record.ts'
import { checkName } from '../core/task-type.ts'
import { repeat, type Ground } from './repeat.ts'
import { iso } from './task-json.ts'

/** One queue: rows kept now, by state, and live sessions that take from it. */
export type QueueJson = Readonly<Record<TaskState, number>> & {
  readonly queue: string
  readonly paused: boolean
  /** Age of the ready task that has waited longest. */
  readonly oldest_ms: number | null
  readonly workers: number
  /** States whose number is an estimate, because it is over 10,000. */
  readonly estimated: readonly TaskState[]
}

export interface PauseJson {
  readonly queue: string
  readonly paused: boolean
  /** False: it was so already. */
  readonly changed: boolean
}

export interface WorkerJson {
  readonly session: string
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly queues: readonly string[] | null
  readonly types: readonly string[]
  readonly concurrency: number
  readonly draining: boolean
  /** Ids of the tasks it runs. */
  readonly running: readonly string[]
  readonly started_at: string
  readonly seen_at: string
}

/** Compare-and-set is tried this often; each lost round means that another one was won. */
const ROUNDS = 20
/** Running tasks that a list of workers names at most. */
const RUNNING_PAGES = 10

export class QueueOperator {
  readonly #ground: Ground

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /** Every queue that has a task, settings or a worker. */
  list(): Promise<readonly QueueJson[]> {
    return repeat(this.#ground, async (engine) => (await engine.records.stats(null)).map(queueJson))
  }

  /** No task of the queue is started any more; running ones go on. */
  async pause(queue: string): Promise<PauseJson> {
    return this.#setPaused(checkName(queue, 'queue'), true)
  }

  /** Lets the tasks of the queue start again. */
  async resume(queue: string): Promise<PauseJson> {
    return this.#setPaused(checkName(queue, 'queue'), false)
  }

  /** Cancels every task that waits in the queue now (`ready` or `scheduled`), page by page; answers how many. */
  async clear(queue: string): Promise<{ readonly queue: string; readonly cancelled: number }> {
    checkName(queue, 'queue')
    // Tasks enqueued after this moment are not meant.
    const createdTo = (await repeat(this.#ground, (engine) => engine.now())) + 1
    let cancelled = 0
    let cursor: string | null = null
    do {
      const waiting: TaskFilter = {
        states: ['ready', 'scheduled'],
        queue,
        createdTo,
        limit: LIMITS.page,
        cursor,
      }
      const page: TaskPage = await repeat(this.#ground, (engine) => engine.records.find(waiting))
      cancelled += await this.#cancel(page.tasks.map((task) => task.id))
      cursor = page.next
    } while (cursor !== null)
    return { queue, cancelled }
  }

  /** A task that a worker took meanwhile is left to run: it does not wait any more. */
  async #cancel(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const actions = ids.map((id) => ({ verb: 'cancel', id }) as const)
    const replies = await repeat(this.#ground, (engine) => engine.records.act(actions))
    return replies.filter((reply) => reply.outcome === 'done').length
  }

  async #setPaused(queue: string, paused: boolean): Promise<PauseJson> {
    return repeat(this.#ground, async (engine, doubt) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [standing = null] = await engine.documents.get([{ kind: QUEUE_DOCUMENT, key: queue }])
        const is = standing !== null && readQueueSettings(standing.body).paused
        if (is === paused) return { queue, paused, changed: round > 0 || doubt }
        if (await this.#put(engine, queue, standing?.version ?? 0, paused))
          return { queue, paused, changed: true }
      }
      throw new WindlassError(
        'version_conflict',
        `the settings of queue ${queue} are changed by others all the time`,
      )
    })
  }

  async #put(engine: Engine, queue: string, version: number, paused: boolean): Promise<boolean> {
    const body = writeQueueSettings({ paused })
    const [reply] = await engine.documents.put([{ kind: QUEUE_DOCUMENT, key: queue, version, body }])
    return reply?.status === 'put'
  }
}

/** Live worker sessions, each with the tasks it runs (of up to 10,000 running ones). */
export async function listWorkers(ground: Ground): Promise<readonly WorkerJson[]> {
  return repeat(ground, async (engine) => {
    const sessions = await engine.records.sessions({ state: 'live', host: null })
    const running = sessions.length === 0 ? new Map<string, string[]>() : await runningBySession(engine)
    return sessions.map((session) => workerJson(session, running.get(session.id) ?? []))
  })
}

async function runningBySession(engine: Engine): Promise<Map<string, string[]>> {
  const running = new Map<string, string[]>()
  let cursor: string | null = null
  for (let page = 0; page < RUNNING_PAGES; page++) {
    const found = await engine.records.find({ states: ['running'], limit: LIMITS.page, cursor })
    for (const task of found.tasks) {
      if (task.session === null) continue
      const ids = running.get(task.session)
      if (ids === undefined) running.set(task.session, [task.id])
      else ids.push(task.id)
    }
    cursor = found.next
    if (cursor === null) break
  }
  return running
}

function queueJson(stats: QueueStats): QueueJson {
  const { queue, paused, counts, estimated, oldest, workers } = stats
  return { queue, paused, ...counts, oldest_ms: oldest, workers, estimated }
}

function workerJson(session: SessionRecord, running: readonly string[]): WorkerJson {
  return {
    session: session.id,
    name: session.name,
    host: session.host,
    pid: session.pid,
    queues: session.queues,
    types: session.types,
    concurrency: session.concurrency,
    draining: session.draining,
    running,
    started_at: iso(session.startedAt),
    seen_at: iso(session.seenAt),
  }
}
