// The schedules that come with Windlass: which there are, how they are put when a scheduler starts, and what their ticks
// do. They stand beside all others and are paused and resumed like them; only the config changes them.

import { systemClock, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { DEFAULT_RULES, type AlertRules, type AlertTargets } from '../core/alert-rules.ts'
import { Codecs } from '../core/codec.ts'
import type { Engine } from '../core/engine.ts'
import { LIMITS } from '../core/limits.ts'
import { BUILT_IN_ORIGIN, isSame, putOf } from '../core/schedule-put.ts'
import { defineSchedule, type Schedule } from '../core/schedule.ts'
import { checkAlerts } from './alert-check.ts'
import { StoreWatch } from './store-watch.ts'
import { keepUp, type SweepCounts } from './upkeep.ts'

const UPKEEP_SCHEDULE = 'windlass.upkeep'
export const ALERTS_SCHEDULE = 'windlass.alerts'

export interface BuiltInOptions {
  /** Null: switched off. */
  readonly upkeep: { readonly every: number } | null
  readonly alerts: { readonly rules: AlertRules; readonly to: AlertTargets } | null
}

export interface BuiltInPorts {
  readonly engine: Engine
  readonly log: Log
  readonly sweep: (signal: AbortSignal) => Promise<SweepCounts>
  readonly clock?: Clock
}

/** Compare-and-set is tried this often; each lost round means that another scheduler was first. */
const ROUNDS = 20

export class BuiltIns {
  readonly #options: BuiltInOptions
  readonly #ports: BuiltInPorts
  /** What their ticks do, by the names of schedules. */
  readonly jobs: ReadonlyMap<string, (payload: string, signal: AbortSignal) => Promise<void>>
  /** Hears whether the store answers. */
  readonly watch: StoreWatch

  constructor(options: BuiltInOptions, ports: BuiltInPorts) {
    this.#options = options
    this.#ports = ports
    this.jobs = new Map([
      [UPKEEP_SCHEDULE, (payload: string, signal: AbortSignal) => this.#keepUp(payload, signal)],
      [ALERTS_SCHEDULE, (payload: string, signal: AbortSignal) => this.#check(payload, signal)],
    ])
    const { engine, log, clock = systemClock } = ports
    this.watch = new StoreWatch({ engine, log, clock, alerts: options.alerts })
  }

  /** Puts those that are wanted and removes those that are not. A paused one stays so. @throws what the store says */
  async put(): Promise<void> {
    const { upkeep, alerts } = this.#options
    const rules = alerts === null ? null : { ...alerts.rules, stuck: alerts.rules.stuck && upkeep !== null }
    await this.#settle(UPKEEP_SCHEDULE, upkeep && (await scheduleOf(UPKEEP_SCHEDULE, upkeep.every, upkeep)))
    await this.#settle(ALERTS_SCHEDULE, rules && (await scheduleOf(ALERTS_SCHEDULE, rules.every, rules)))
  }

  #keepUp(payload: string, signal: AbortSignal): Promise<void> {
    const { every } = JSON.parse(payload) as { readonly every: number }
    return keepUp({ ...this.#ports, every }, signal)
  }

  /** The rules are those of the store, so that all schedulers judge alike; where alerts go is this process's own config. */
  async #check(payload: string, signal: AbortSignal): Promise<void> {
    const { alerts } = this.#options
    if (alerts === null) return
    // What another version did not know of is as by default.
    const rules = { ...DEFAULT_RULES, ...(JSON.parse(payload) as Partial<AlertRules>) }
    await checkAlerts({ ...this.#ports, targets: alerts.to }, rules, signal)
  }

  async #settle(name: string, wanted: Schedule | null): Promise<void> {
    const { engine } = this.#ports
    for (let round = 0; round < ROUNDS; round++) {
      const [standing = null] = await engine.schedules.list([name])
      if (wanted === null) {
        if (standing === null) return
        const [reply] = await engine.schedules.remove([standing])
        if (reply?.status !== 'conflict') return
        continue
      }
      if (standing !== null && isSame(standing, wanted)) return
      const [reply] = await engine.schedules.put([putOf(name, wanted, null, standing, await engine.now())])
      if (reply?.status === 'put') return
    }
  }
}

function scheduleOf(name: string, every: number, payload: object): Promise<Schedule> {
  const from = {
    codecs: new Codecs(),
    payloadBytes: LIMITS.payloadBytes,
    origin: BUILT_IN_ORIGIN,
    parent: null,
    bareUnit: 1,
  } as const
  // However many ticks were missed, one makes up for all.
  return defineSchedule(
    name,
    { task: name, payload, every, missed: 'once', grace: 0, queue: 'windlass' },
    from,
  )
}
