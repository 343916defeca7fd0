// All workers of one supervisor: how many there are, and which is renewed next. Promises that one worker is renewed at
// a time, and that a number that was asked for is kept whatever else goes on. Leaves one worker to slot.ts, the numbers
// to scale-plan.ts, and who asks to supervisor.ts.

import { systemClock, type Clock } from '../base/clock.ts'
import type { ProcessIdentity } from '../core/record.ts'
import { Adopted } from './adopted.ts'
import type { ChildCommand } from './child.ts'
import type { WorkerFacts } from './control.ts'
import type { LeaveReason } from './events.ts'
import type { Life, LifePorts } from './life.ts'
import type { RecycleLimits } from './recycle-rules.ts'
import type { RestartRules } from './restart-rules.ts'
import { planScale } from './scale-plan.ts'
import { Slot } from './slot.ts'
import type { SavedWorker } from './state.ts'

export interface CrewOptions extends Omit<LifePorts, 'name'> {
  /** Workers are called `<base>-1`, `<base>-2`, … */
  readonly base: string
  readonly command: (name: string) => ChildCommand
  readonly socket: string
  readonly rules?: RestartRules
  readonly recycle: RecycleLimits
}

/** After a worker could not be renewed, the next try for a limit that it reached waits this long, in ms. */
const RECYCLE_AGAIN = 60_000

/** The workers, each under its number. */
export class Crew {
  readonly #options: CrewOptions
  readonly #clock: Clock
  readonly #working = new Map<number, Slot>()
  /** Those that were told to end and have not yet. */
  readonly #draining = new Map<number, Slot>()
  /** Renewals wait for one another. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Renewals under way or waiting. */
  #renewals = 0
  #notBefore = Number.NEGATIVE_INFINITY
  #retired = false

  constructor(options: CrewOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** How many workers are kept alive. */
  get size(): number {
    return this.#working.size
  }

  get restarting(): boolean {
    return this.#renewals > 0
  }

  /** All processes. */
  get lives(): Life[] {
    return this.#slots.flatMap(({ lives }) => lives)
  }

  /** Takes in processes that outlived the last supervisor. */
  adopt(workers: readonly SavedWorker[], self: ProcessIdentity): void {
    // Those that stay first: one that drains must not take the place of one that works.
    for (const saved of workers.toSorted((a, b) => Number(a.leaving) - Number(b.leaving))) {
      const number = this.#numberOf(saved.name)
      const slots = saved.leaving && !this.#working.has(number) ? this.#draining : this.#working
      const slot = slots.get(number) ?? this.#make(number, saved.restarts)
      slots.set(number, slot)
      slot.adopt(new Adopted(saved, self, this.#clock), saved.leaving)
      if (slots === this.#draining) void this.#retire(number, slot, 'scale')
    }
  }

  /**
   * From now on there are so many. Resolves when new ones take work and those too many are gone.
   * @throws WindlassError `child_failed` of the first new one that ended before it took work; all are kept alive
   */
  async scale(count: number): Promise<void> {
    const { start, retire } = planScale([...this.#working.keys()], [...this.#draining.keys()], count)
    const retired = retire.map((number) => {
      const slot = this.#working.get(number)
      this.#working.delete(number)
      return slot === undefined ? undefined : this.#retire(number, slot, 'scale')
    })
    const started = start.map((number) => {
      const slot = this.#make(number)
      this.#working.set(number, slot)
      return slot.start()
    })
    const results = await Promise.allSettled([...retired, ...started])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /**
   * Renews the workers with the lowest numbers, one after the other.
   * @throws WindlassError `child_failed` when one cannot be renewed; the others stay as they are
   */
  async renew(count: number): Promise<void> {
    await this.#inTurn(async () => {
      const numbers = [...this.#working.keys()].toSorted((a, b) => a - b).slice(0, count)
      // One may be gone by then.
      for (const number of numbers) await this.#working.get(number)?.renew('restart')
    })
  }

  /** Renews a worker that reached a limit, one at a time; to be called now and then. */
  recycle(): void {
    if (this.#retired || this.#renewals > 0 || this.#clock.mono() < this.#notBefore) return
    for (const slot of this.#working.values()) {
      const why = slot.whyRecycle(this.#options.recycle)
      if (why === null) continue
      const renewed = this.#inTurn(() => slot.renew(why))
      // Told as an event already.
      renewed.catch(() => {
        this.#notBefore = this.#clock.mono() + RECYCLE_AGAIN
      })
      return
    }
  }

  /** Lets all drain; resolves when no process is left. */
  async retire(): Promise<void> {
    this.#retired = true
    for (const [number, slot] of this.#working) void this.#retire(number, slot, 'stop')
    this.#working.clear()
    await Promise.all([...this.#draining.values()].map((slot) => slot.retire('stop')))
  }

  /** Nobody waits for handlers any more. */
  force(): void {
    for (const slot of this.#slots) slot.force()
  }

  facts(): WorkerFacts[] {
    return this.#slots.flatMap((slot) => slot.facts())
  }

  saved(): SavedWorker[] {
    return this.#slots.flatMap((slot) => slot.saved())
  }

  get #slots(): Slot[] {
    return [...this.#working, ...this.#draining].toSorted(([a], [b]) => a - b).map(([, slot]) => slot)
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    this.#renewals++
    const mine = this.#turn.then(async () => {
      if (!this.#retired) await work()
    })
    this.#turn = mine.catch(() => {})
    try {
      await mine
    } finally {
      this.#renewals--
    }
  }

  #make(number: number, restarts = 0): Slot {
    const name = `${this.#options.base}-${number}`
    return new Slot({ ...this.#options, name, restarts, command: this.#options.command(name) })
  }

  async #retire(number: number, slot: Slot, why: LeaveReason): Promise<void> {
    this.#draining.set(number, slot)
    await slot.retire(why)
    // Another process of this name may have been taken in meanwhile.
    if (slot.lives.length === 0) this.#draining.delete(number)
  }

  /** A name of another base (it was changed since) draws a number that nobody has. */
  #numberOf(name: string): number {
    const { base } = this.#options
    const said = name.startsWith(`${base}-`) ? Number(name.slice(base.length + 1)) : Number.NaN
    if (Number.isInteger(said) && said > 0) return said
    return (
      planScale([...this.#working.keys()], [...this.#draining.keys()], this.#working.size + 1).start[0] ?? 1
    )
  }
}
