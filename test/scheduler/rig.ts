/**
 * Schedulers on a store in memory, in virtual time. The store's clock can be moved apart from that of the processes.
 *
 * Owns the parts and their end; leaves what is asserted to the tests.
 */
import type { TestContext } from 'node:test'

import type { Log } from '../../src/base/log.ts'
import { Client } from '../../src/client/client.ts'
import { Codecs } from '../../src/core/codec.ts'
import type { Engine } from '../../src/core/engine.ts'
import { claimToken, mintToken } from '../../src/core/ids.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import type { TaskType } from '../../src/core/task-type.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import { Scheduler } from '../../src/scheduler/scheduler.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { newSession, outcomes } from '../../src/testing/samples.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

/** A Tuesday of 2026, 08:00 UTC. */
export const START = new ManualClock().now()

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export class Rig {
  readonly clock = new ManualClock()
  readonly engine: Engine
  readonly client: Client
  readonly lines: Line[] = []
  /** The store's clock is that far ahead of the processes'. */
  ahead = 0
  readonly #running = new Set<Scheduler>()

  constructor(t: TestContext, types: readonly TaskType[] = []) {
    const now = (): number => this.clock.now() + this.ahead
    this.engine = openMemory({ namespace: `schedules-${mintToken()}`, now, callTimeout: 5_000 })
    this.client = new Client({
      engine: () => Promise.resolve(this.engine),
      types: () => Promise.resolve(new Map(types.map((type) => [type.name, type]))),
      enqueuer: { codecs: new Codecs(), payloadBytes: LIMITS.payloadBytes, origin: 'client', bareUnit: 1 },
      redact: ['secret'],
      deadline: 5_000,
      clock: this.clock,
    })
    t.after(async () => {
      await this.during(Promise.all([...this.#running].map((one) => one.stop())))
      await this.engine.close()
    })
  }

  /** A scheduler that runs. */
  async scheduler(engine: Engine = this.engine): Promise<Scheduler> {
    const scheduler = new Scheduler({
      engine,
      log: this.#log(),
      identity: { host: 'here', pid: 1 + this.#running.size },
      clock: this.clock,
      random: () => this.#running.size / 10,
    })
    this.#running.add(scheduler)
    await scheduler.start()
    await this.pass(0)
    return scheduler
  }

  /** Time passes for everybody. */
  async pass(ms: number): Promise<void> {
    await this.clock.pass(ms)
  }

  /** Time passes until it is done: what is under way may wait for it. */
  async during<T>(work: Promise<T>): Promise<T> {
    const state = { over: false }
    const done = work.finally(() => (state.over = true))
    done.catch(() => undefined)
    while (!state.over) await this.pass(SECOND / 4)
    return done
  }

  /** Every task, the oldest first. */
  async tasks(): Promise<readonly TaskRecord[]> {
    const { tasks } = await this.engine.records.find({ limit: 1_000, cursor: null })
    return tasks.toReversed()
  }

  /** The ticks for which there are tasks, in seconds from the start. */
  async ticks(): Promise<number[]> {
    return (await this.tasks()).map(({ meta }) => {
      const { schedule } = JSON.parse(meta ?? '{}') as { schedule: { tick: string } }
      return (Date.parse(schedule.tick) - START) / SECOND
    })
  }

  /** The ledger, the oldest entry first: its outcome, and seconds from the start. */
  async ledger(name: string): Promise<(string | number | null)[][]> {
    const { ticks } = await this.client.schedules.ticks(name, { limit: 1_000 })
    return ticks
      .toReversed()
      .map(({ outcome, reason, tick, count }) => [
        ...(reason === null ? [outcome] : [outcome, reason]),
        tick === null ? null : (Date.parse(tick) - START) / SECOND,
        ...(outcome === 'skipped' ? [count] : []),
      ])
  }

  /** Runs the oldest waiting task to its end. */
  async finishOne(): Promise<void> {
    const session = newSession({ types: [] })
    await this.engine.startSession([session])
    const claimId = mintToken()
    const [reply] = await this.engine.claim([{ session: session.id, claimId, queues: null, limit: 1 }])
    const [task] = reply?.tasks ?? []
    if (task === undefined) throw new Error('no task waits')
    await this.engine.settle([
      {
        id: task.id,
        claim: claimToken(claimId, task.attempt),
        guard: 'claim',
        outcome: outcomes.succeed('null'),
        followUps: [],
        logs: [],
      },
    ])
  }

  #log(): Log {
    const at =
      (level: string) =>
      (message: string, fields: object = {}): void =>
        void this.lines.push({ level, message, fields: { ...fields } })
    const log: Log = {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: () => log,
    }
    return log
  }
}
