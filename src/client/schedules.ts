// The administering side of schedules: put, look at, pause, resume, run now, remove, and the ledger of their ticks.
// Changes are made by compare-and-set and repeated until they fit, so that nothing of others is lost. Firing is not done
// here: that is src/scheduler.

import type { RemoveReply, SchedulePut } from '../core/cold-verbs.ts'
import { show } from '../core/duration.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import type { Enqueuer } from '../core/new-task.ts'
import type { ScheduleRecord } from '../core/record.ts'
import { BUILT_IN_ORIGIN, isSame, putOf, standingSchedule } from '../core/schedule-put.ts'
import { nextTick, readRule, ticksBetween, type RuleOptions } from '../core/schedule-rule.ts'
import { extraTask, TICK_STREAM, writeTick } from '../core/schedule-tick.ts'
import {
  checkOwnName,
  checkScheduleName,
  defineSchedule,
  readSchedule,
  type ScheduleOptions,
} from '../core/schedule.ts'
import { SCHEDULER_DOCUMENT } from '../core/scheduler-presence.ts'
import type { TaskType } from '../core/task-type.ts'
import { readLimit } from './find-options.ts'
import { JsonText } from './json-text.ts'
import { repeat, type Ground } from './repeat.ts'
import {
  scheduleJson,
  schedulerJson,
  tickJson,
  type ScheduleJson,
  type SchedulerJson,
  type TickJson,
} from './schedule-json.ts'
import { iso, type Lens } from './task-json.ts'

/** What a put came to, and the schedule as it stands. */
export type PutJson = ScheduleJson & { readonly outcome: 'created' | 'changed' | 'same' }

export interface SchedulePorts {
  readonly lens: Lens
  readonly enqueuer: Enqueuer
  /** The definition of a task type, or its name as it is where it is not known. */
  readonly find: (task: TaskType | string, untyped: boolean | undefined) => Promise<TaskType | string>
}

/** Compare-and-set is tried this often; each lost round means that another one was won. */
const ROUNDS = 20

export class ScheduleOperator {
  readonly #ground: Ground
  readonly #ports: SchedulePorts

  constructor(ground: Ground, ports: SchedulePorts) {
    this.#ground = ground
    this.#ports = ports
  }

  /**
   * Creates a schedule, or replaces the one of this name. A changed rule counts from now; anything else that is changed
   * loses no tick. Without `paused` a paused schedule stays paused.
   * @param more `create`: refuse a name that is taken; `untyped`: accept a task type that nobody has defined here
   * @throws WindlassError `invalid_schedule`, `invalid_option`, `unknown_option`, `unknown_task_type`,
   *   `invalid_payload`, `refused`
   */
  async put<I>(
    name: string,
    options: ScheduleOptions<I>,
    more: { readonly create?: boolean; readonly untyped?: boolean } = {},
  ): Promise<PutJson> {
    checkOwnName(name)
    const { task } = options
    const type = await this.#ports.find(task, more.untyped)
    const given: unknown = options.payload
    const text = given instanceof JsonText ? given.text : null
    const schedule = await defineSchedule(type, options, this.#ports.enqueuer, text)
    const paused = options.paused ?? null
    return repeat(this.#ground, async (engine, doubt) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [now, standing] = [await engine.now(), await this.#read(engine, name)]
        const same =
          standing !== null && isSame(standing, schedule) && (paused ?? standing.paused) === standing.paused
        if (standing !== null && more.create === true && !(doubt && same))
          throw new WindlassError('refused', `there is a schedule ${show(name)} already`, {
            hint: 'Replace it with `schedule put`, or use another name.',
          })
        if (same) return { ...scheduleJson(standing, this.#ports.lens, now), outcome: 'same' }
        const item = putOf(name, schedule, paused, standing, now)
        if (item.dueAt === null)
          throw new WindlassError('invalid_schedule', 'there is no tick any more: the end has passed')
        const put = await this.#put(engine, item, standing, now)
        if (put !== null) return { ...put, outcome: standing === null ? 'created' : 'changed' }
      }
      throw contested(name)
    })
  }

  /** Every schedule, in the order of names. */
  list(): Promise<readonly ScheduleJson[]> {
    return repeat(this.#ground, async (engine) => {
      const [now, all] = [await engine.now(), await engine.schedules.list(null)]
      return all.map((record) => scheduleJson(record, this.#ports.lens, now))
    })
  }

  /** One schedule, or null. */
  get(name: string): Promise<ScheduleJson | null> {
    return repeat(this.#ground, async (engine) => {
      const record = await this.#read(engine, name)
      return record === null ? null : scheduleJson(record, this.#ports.lens, await engine.now())
    })
  }

  /** Removes it; tasks that its ticks have enqueued stay. @throws WindlassError `not_found`, `refused` for built-in ones */
  remove(name: string): Promise<{ readonly name: string; readonly removed: true }> {
    return repeat(this.#ground, async (engine, doubt) => {
      for (let round = 0; round < ROUNDS; round++) {
        const standing = await this.#read(engine, name)
        if (standing === null && !doubt) throw unknown(name)
        if (standing !== null && isBuiltIn(standing))
          throw new WindlassError('refused', `the schedule ${show(name)} comes with Windlass`, {
            hint: 'Pause it, or say `upkeep: false` or `alerts: false` in the config.',
          })
        const reply: RemoveReply | undefined =
          standing === null ? { status: 'removed' } : (await engine.schedules.remove([standing]))[0]
        if (reply?.status !== 'conflict') return { name, removed: true }
      }
      throw contested(name)
    })
  }

  /** No tick fires until it is resumed. @throws WindlassError `not_found` */
  pause(name: string): Promise<ScheduleJson> {
    return this.#setPaused(name, true)
  }

  /** Ticks fire again, from the next one on; those of the pause are not made up for. @throws WindlassError `not_found` */
  resume(name: string): Promise<ScheduleJson> {
    return this.#setPaused(name, false)
  }

  /**
   * Enqueues a task of it now, beside its ticks, also while it is paused. Answers the id; null: a built-in schedule has
   * no task, a scheduler does its job within a second.
   * @throws WindlassError `not_found`, `invalid_schedule`, `refused` for a built-in one that is paused
   */
  async run(name: string): Promise<{ readonly name: string; readonly task_id: string | null }> {
    const [record, now] = await repeat(this.#ground, async (engine) => [
      await this.#need(engine, name),
      await engine.now(),
    ])
    if (isBuiltIn(record)) return this.#runBuiltIn(name)
    const task = extraTask(name, readSchedule(record.body), now)
    await repeat(this.#ground, (engine, doubt) => engine.enqueue([doubt ? { ...task, minted: false } : task]))
    const entry = writeTick(name, now, { outcome: 'run', task: task.id })
    await repeat(this.#ground, (engine) => engine.journal.append([entry]))
    return { name, task_id: task.id }
  }

  /** Makes it due now. */
  #runBuiltIn(name: string): Promise<{ readonly name: string; readonly task_id: null }> {
    return repeat(this.#ground, async (engine) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [dueAt, standing] = [await engine.now(), await this.#need(engine, name)]
        const { version, body, paused } = standing
        if (paused)
          throw new WindlassError('refused', `the schedule ${show(name)} is paused`, {
            hint: `Resume it: windlass schedule resume ${name}`,
          })
        const put = await this.#put(engine, { name, version, body, paused, dueAt }, standing, dueAt)
        if (put !== null) return { name, task_id: null }
      }
      throw contested(name)
    })
  }

  /**
   * The next ticks of a schedule that is stored, or of a rule that is not (yet), whether it is paused or not.
   * @param count 1 to 1,000, default 5
   * @throws WindlassError `not_found`, `invalid_schedule`
   */
  async next(of: string | RuleOptions, count = 5): Promise<readonly string[]> {
    const limit = readLimit(count, 5)
    return repeat(this.#ground, async (engine) => {
      const now = await engine.now()
      const { bareUnit } = this.#ports.enqueuer
      const rule =
        typeof of === 'string'
          ? readSchedule((await this.#need(engine, of)).body).rule
          : readRule(of, bareUnit)
      return ticksBetween(rule, now + 1, Number.MAX_SAFE_INTEGER, limit).map(iso)
    })
  }

  /**
   * What became of ticks, the newest first: of one schedule, or of all (null). Kept for 7 days.
   * @throws WindlassError `invalid_option`
   */
  ticks(
    name: string | null,
    options: { readonly limit?: number; readonly cursor?: string | null } = {},
  ): Promise<{ readonly ticks: readonly TickJson[]; readonly next: string | null }> {
    checkKeys(options, ['limit', 'cursor'], 'ticks')
    const limit = readLimit(options.limit, 100)
    const query = {
      stream: TICK_STREAM,
      key: name,
      from: null,
      to: null,
      limit,
      cursor: options.cursor ?? null,
    }
    return repeat(this.#ground, async (engine) => {
      const { entries, next } = await engine.journal.read(query)
      return { ticks: entries.map(tickJson).filter((tick) => tick !== null), next }
    })
  }

  /** Processes that fire ticks, those that fell silent within the last hour included. */
  schedulers(): Promise<readonly SchedulerJson[]> {
    return repeat(this.#ground, async (engine) => {
      const [now, all] = [
        await engine.now(),
        await engine.documents.list(SCHEDULER_DOCUMENT, null, LIMITS.page),
      ]
      return all.map((document) => schedulerJson(document, now))
    })
  }

  async #setPaused(name: string, paused: boolean): Promise<ScheduleJson> {
    return repeat(this.#ground, async (engine) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [now, standing] = [await engine.now(), await this.#need(engine, name)]
        if (standing.paused === paused) return scheduleJson(standing, this.#ports.lens, now)
        const { version, body } = standing
        const dueAt = paused ? standing.dueAt : nextTick(readSchedule(body).rule, now)
        const put = await this.#put(engine, { name, version, body, paused, dueAt }, standing, now)
        if (put !== null) return put
      }
      throw contested(name)
    })
  }

  /** As it stands afterwards; null: somebody else was first. */
  async #put(
    engine: Engine,
    item: SchedulePut,
    standing: ScheduleRecord | null,
    now: number,
  ): Promise<ScheduleJson | null> {
    const [reply] = await engine.schedules.put([item])
    if (reply?.status !== 'put') return null
    const record = {
      ...item,
      version: reply.version,
      lastFiredAt: standing?.lastFiredAt ?? null,
      updatedAt: now,
    }
    return scheduleJson(record, this.#ports.lens, now)
  }

  async #read(engine: Engine, name: string): Promise<ScheduleRecord | null> {
    return (await engine.schedules.list([checkScheduleName(name)]))[0] ?? null
  }

  async #need(engine: Engine, name: string): Promise<ScheduleRecord> {
    const record = await this.#read(engine, name)
    if (record === null) throw unknown(name)
    return record
  }
}

function isBuiltIn(record: ScheduleRecord): boolean {
  return standingSchedule(record)?.origin === BUILT_IN_ORIGIN
}

function unknown(name: string): WindlassError {
  return new WindlassError('not_found', `there is no schedule ${show(name)}`, {
    hint: '`windlass schedule list` shows those there are.',
    detail: { schedule: name },
  })
}

function contested(name: string): WindlassError {
  return new WindlassError('version_conflict', `the schedule ${show(name)} is changed by others all the time`)
}
