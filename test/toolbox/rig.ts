/**
 * Schedulers with their built-in schedules on one store, in a time that the test moves: store and processes share it.
 *
 * Owns the schedulers and their end; leaves the engine's life and what is asserted to the tests.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Log } from '../../src/base/log.ts'
import { readAlerts, type AlertsConfig } from '../../src/config/alerts.ts'
import type { Engine } from '../../src/core/engine.ts'
import { Scheduler } from '../../src/scheduler/scheduler.ts'
import type { ManualClock } from '../../src/testing/clock.ts'
import { readHistory } from '../../src/toolbox/alert-view.ts'
import { BuiltIns } from '../../src/toolbox/built-ins.ts'
import { sweepOnce } from '../../src/worker/sweep-once.ts'

/** A wait for the store, in ms; a hundredth of it is usual. */
const PATIENCE = 30_000

export class AlertRig {
  readonly clock: ManualClock
  /** Messages of the log that tell of alerts. */
  readonly lines: string[] = []
  readonly #watch: boolean
  readonly #running = new Set<Scheduler>()

  /** @param watch false: a store that takes its time while the test's time flies counts as answering */
  constructor(clock: ManualClock, watch = true) {
    this.clock = clock
    this.#watch = watch
  }

  /** A scheduler that runs, as `windlass scheduler` would start it. */
  async start(
    engine: Engine,
    config: false | AlertsConfig,
    upkeep: number | null = null,
  ): Promise<Scheduler> {
    const { clock } = this
    const log = this.#log()
    const sweep = () => sweepOnce({ engine, keepCount: 1_000, tell: () => undefined })
    const settings = {
      alerts: readAlerts(config, '', 1, { folder: '/', webhook: null }),
      upkeep: upkeep === null ? null : { every: upkeep },
    }
    const builtIns = new BuiltIns(settings, { engine, log, sweep, clock })
    await builtIns.put()
    const { jobs } = builtIns
    const watch = this.#watch ? { watch: builtIns.watch } : {}
    const identity = { host: 'here', pid: 1 + this.#running.size }
    const scheduler = new Scheduler({ engine, log, identity, clock, jobs, ...watch, random: () => 0.5 })
    this.#running.add(scheduler)
    await scheduler.start()
    return scheduler
  }

  async stop(scheduler: Scheduler): Promise<void> {
    this.#running.delete(scheduler)
    await this.during(scheduler.stop())
  }

  async stopAll(): Promise<void> {
    for (const scheduler of this.#running) await this.stop(scheduler)
  }

  /** Time passes, a second at a time, until it holds. */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const late = performance.now() + PATIENCE; !(await holds()); await sleep(1)) {
      if (performance.now() > late) throw new Error(`not within ${PATIENCE} ms: ${what}`)
      await this.clock.pass(1_000)
    }
  }

  /** Seconds pass, each with time for the store to answer. */
  async seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      await this.clock.pass(1_000)
      await sleep(1)
    }
  }

  /** Time passes until it is done: what is under way may wait for it. */
  async during<T>(work: Promise<T>): Promise<T> {
    const state = { over: false }
    const done = work.finally(() => (state.over = true))
    done.catch(() => undefined)
    while (!state.over) await this.clock.pass(250).then(() => sleep(1))
    return done
  }

  /** Ids of what was told, without their times, the oldest first. */
  async told(engine: Engine): Promise<string[]> {
    return (await readHistory(engine, 100)).toReversed().map(({ alert, event }) => `${alert} ${event}`)
  }

  #log(): Log {
    const add = (message: string): void => {
      if (message.startsWith('alert ')) this.lines.push(message)
    }
    const log: Log = { debug: add, info: add, warn: add, error: add, child: () => log }
    return log
  }
}
