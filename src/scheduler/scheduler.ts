// Fires the ticks of schedules: looks once a second, just after the full second of the store's clock, and sends what is
// due with compare-and-set on the due time, so that any number of schedulers may run and none leads. Keeps nothing that
// matters in memory. What fires is plan.ts, which schedules there are is the store's to say.

import { answerOf } from '../base/answer.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Loop } from '../base/loop.ts'
import { Service } from '../base/service.ts'
import type { Firing } from '../core/cold-verbs.ts'
import type { Engine } from '../core/engine.ts'
import { DEFAULTS, LIMITS } from '../core/limits.ts'
import type { ScheduleRecord } from '../core/record.ts'
import { BUILT_IN_ORIGIN } from '../core/schedule-put.ts'
import { readTick } from '../core/schedule-tick.ts'
import type { SchedulerPresence } from '../core/scheduler-presence.ts'
import { fireAll } from './fire.ts'
import { Jobs, type JobTable } from './jobs.ts'
import { planFiring, readDue, type Due } from './plan.ts'
import { findActive } from './predecessors.ts'
import { Presence } from './presence.ts'

const SECOND = 1_000
/** Schedulers of one system look this far apart at most, so that mostly one finds work and the others none. */
const STAGGER = 100
/** Reading and firing a page takes a moment; beyond that a connection has swallowed an answer, and a new look is safe. */
const LONGEST = 60_000
/** A store that does not answer is told again after this many tries. */
const TELL_EVERY = 20

/** Hears of each look at the store: null, or why it was not answered. */
export interface LookWatch {
  looked(error: unknown): void
  stop(): void
}

export interface SchedulerOptions {
  readonly engine: Engine
  readonly log: Log
  readonly identity: SchedulerPresence
  /** What ticks of built-in schedules do. */
  readonly jobs?: JobTable
  readonly watch?: LookWatch
  readonly clock?: Clock
  /** 0 ≤ x < 1; for the time of looks and for back-off. */
  readonly random?: () => number
}

export class Scheduler extends Service {
  readonly #engine: Engine
  readonly #log: Log
  readonly #clock: Clock
  readonly #presence: Presence
  readonly #jobs: Jobs
  readonly #watch: LookWatch | null
  readonly #loop: Loop
  readonly #offset: number

  constructor(options: SchedulerOptions) {
    super()
    const { engine, log, identity, clock = systemClock, random = Math.random } = options
    this.#jobs = new Jobs(options.jobs ?? new Map(), log)
    this.#watch = options.watch ?? null
    this.#engine = engine
    this.#log = log
    this.#clock = clock
    this.#offset = Math.floor(random() * STAGGER)
    this.#presence = new Presence({ engine, clock, log, identity })
    this.#loop = new Loop({
      clock,
      random,
      interval: 2 * SECOND,
      maxBackoff: SECOND,
      run: async () => {
        const wait = await this.#look()
        this.#watch?.looked(null)
        return wait
      },
      onError: (error, failures) => {
        this.#watch?.looked(error)
        if (failures % TELL_EVERY === 1)
          log.warn('schedules could not be looked at or fired, trying again', { error })
      },
    })
  }

  protected override async onStart(): Promise<void> {
    await this.#presence.start()
    this.#loop.start()
  }

  protected override async onStop(): Promise<void> {
    await this.#loop.stop()
    this.#watch?.stop()
    await this.#jobs.stop()
    await this.#presence.stop()
  }

  /** One look; answers the wait until the next one. */
  async #look(): Promise<number> {
    const due = this.#engine.schedules.due(LIMITS.page)
    const { now, schedules } = await answerOf(this.#clock, DEFAULTS.callTimeout, 'due', due)
    const since = this.#clock.mono()
    const more =
      schedules.length > 0 && (await answerOf(this.#clock, LONGEST, 'fire', this.#fire(schedules, now)))
    const wait = SECOND - (now % SECOND) + this.#offset - (this.#clock.mono() - since)
    return more ? 0 : Math.max(0, wait)
  }

  /** True: more is due at once. */
  async #fire(due: readonly ScheduleRecord[], now: number): Promise<boolean> {
    const read = due.map((record) => readDue(record, now))
    const { fired, refused } = await fireAll(this.#engine, await this.#plan(read, now), now)
    for (const firing of fired) this.#tell(firing)
    this.#startJobs(read, new Set(fired.map(({ name }) => name)))
    for (const { name, error } of refused)
      this.#log.error('a schedule could not be fired; it is tried again in a minute', {
        schedule: name,
        error,
      })
    // One look shows a page of what is due, and ticks that are caught up come in parts.
    return due.length >= LIMITS.page || fired.some(({ nextDueAt }) => nextDueAt !== null && nextDueAt <= now)
  }

  async #plan(read: readonly (Due | Firing)[], now: number): Promise<Firing[]> {
    const alone = read.filter((one): one is Due => 'schedule' in one && one.schedule.overlap !== 'allow')
    const active = await findActive(
      this.#engine,
      alone.map(({ record }) => record.name),
    )
    return read.map((one) =>
      'schedule' in one ? planFiring(one, now, active.get(one.record.name) ?? null) : one,
    )
  }

  #startJobs(read: readonly (Due | Firing)[], fired: ReadonlySet<string>): void {
    for (const one of read)
      if ('schedule' in one && one.schedule.origin === BUILT_IN_ORIGIN && fired.has(one.record.name))
        this.#jobs.start(one.record.name, one.schedule.task.payload)
  }

  #tell({ name, journal }: Firing): void {
    for (const { body } of journal) {
      const entry = readTick(body)
      if (entry?.outcome === 'fired') {
        this.#log.debug('a tick fired', { schedule: name, task: entry.task, late_ms: entry.late })
      } else if (entry?.outcome === 'skipped') {
        const { reason, count } = entry
        const level = reason === 'missed' ? 'warn' : 'debug'
        this.#log[level]('ticks were skipped', { schedule: name, reason, count })
      } else if (entry?.outcome === 'failed') {
        this.#log.error('a schedule could not be read; it is tried again in a minute', {
          schedule: name,
          error: entry.error,
        })
      }
    }
  }
}
