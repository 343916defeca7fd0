// Does this worker still hear of tasks? A process may live and beat for ever and take nothing: a connection that swallows
// claims, an engine that forgot a queue, a claimer that never asks. Owns the proof, which only the real path can give:
// claims that are not answered while beats are, or tasks that stay ready while claims come back without them. Counts its
// own ticks, so that a stopped process or a blocked loop proves nothing. What follows is the worker's business.

import { answerOf } from '../base/answer.ts'
import type { Cancel } from '../base/clock.ts'
import type { BeatReply } from '../core/hot-verbs.ts'
import type { TaskRecord } from '../core/record.ts'
import type { WorkerSettings } from './options.ts'
import type { Deafness } from './status.ts'

/** Longest time between two ticks. */
const TICK = 5_000
/** Ready tasks that are kept an eye on, of each queue; paused ones are stepped over, so many pages at most. */
const PAGE = 20
const PAGES = 5
/** Claims that must have come back without a ready task; one of them may have left before the task was seen. */
const CLAIMS = 3

export interface HearingPorts {
  readonly settings: WorkerSettings
  /** A task would be taken now: there are a session and a free slot. */
  readonly listening: () => boolean
  /** The proof is there, and was told to whoever wants to know. */
  readonly deaf: () => void
}

export class Hearing {
  readonly #ports: HearingPorts
  readonly #every: number
  readonly #beatsWithin: number
  #cancel: Cancel | null = null
  #tickedAt = 0
  #answeredAt: number | null = null
  /** Time without an answered claim in which one was to be expected. */
  #unanswered = 0
  #sinceBeat = 0
  #untilLook: number
  #looking = false
  /** Claims, since the last look, that left nothing behind that they could have taken. */
  #emptied = 0
  #suspects: readonly TaskRecord[] = []
  #paused: readonly string[] = []
  #engineNow = Number.POSITIVE_INFINITY

  constructor(ports: HearingPorts) {
    this.#ports = ports
    const { lease, deafAfter } = ports.settings
    this.#every = Math.min(TICK, deafAfter / 12)
    this.#beatsWithin = 2 * Math.min(10_000, lease / 3) + this.#every
    this.#untilLook = deafAfter
  }

  /** How long ago a claim was answered, in ms; null: none was yet. */
  get answeredAgo(): number | null {
    return this.#answeredAt === null ? null : this.#ports.settings.clock.mono() - this.#answeredAt
  }

  start(): void {
    this.#tickedAt = this.#ports.settings.clock.mono()
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  /** A claim was answered. `emptied`: nothing that it could have taken was left. */
  answered(emptied: boolean): void {
    this.#answeredAt = this.#ports.settings.clock.mono()
    this.#unanswered = 0
    if (emptied) this.#emptied++
  }

  /** The store answered a beat of the heart. */
  beat({ now, paused }: BeatReply): void {
    this.#sinceBeat = 0
    this.#paused = paused
    this.#engineNow = now
    this.#suspects = this.#suspects.filter(({ queue }) => !paused.includes(queue))
    // Told in the moment of an answered beat only: the store is there, and it is us who do not hear.
    if (this.#cancel === null || this.#unanswered < this.#ports.settings.deafAfter) return
    this.#tell({ kind: 'unanswered', time: this.#unanswered, tasks: [] })
  }

  #arm(): void {
    this.#cancel = this.#ports.settings.clock.timer(this.#every, () => {
      this.#arm()
      this.#tick()
    })
  }

  #tick(): void {
    const { clock, deafAfter } = this.#ports.settings
    const now = clock.mono()
    const passed = Math.min(now - this.#tickedAt, 2 * this.#every)
    this.#tickedAt = now
    this.#sinceBeat += passed
    const expected = this.#sinceBeat <= this.#beatsWithin && this.#ports.listening()
    this.#unanswered = expected ? this.#unanswered + passed : 0
    this.#untilLook -= passed
    if (this.#untilLook > 0 || this.#looking) return
    this.#untilLook = deafAfter
    this.#looking = true
    void this.#look().finally(() => {
      this.#looking = false
    })
  }

  /** Once in a while, and only where claims leave slots free: is there something that they should have brought? */
  async #look(): Promise<void> {
    const emptied = this.#emptied
    const suspects = this.#suspects
    this.#emptied = 0
    this.#suspects = []
    if (emptied === 0) return
    try {
      if (suspects.length === 0) this.#suspects = await this.#findReady()
      else if (emptied >= CLAIMS) await this.#lookAgain(suspects)
    } catch (error) {
      this.#ports.settings.log.debug('looking for tasks that no claim brings failed', { error })
    }
    // From here on they count against what was found.
    this.#emptied = 0
  }

  /** The same tasks, ready for all that time: no claim of anybody's had them meanwhile. */
  async #lookAgain(suspects: readonly TaskRecord[]): Promise<void> {
    const { engine, clock, callTimeout, deafAfter } = this.#ports.settings
    const asked = engine.records.get(suspects.map(({ id }) => id))
    const tasks = await answerOf(clock, callTimeout, 'a look at ready tasks', asked)
    const still = suspects.filter(({ attempt, place, queue }, i) => {
      const task = tasks[i]
      const same = task?.state === 'ready' && task.attempt === attempt && task.place === place
      return same && !this.#paused.includes(queue)
    })
    if (still.length === 0 || this.#cancel === null) return
    this.#tell({ kind: 'overlooked', time: deafAfter, tasks: still.slice(0, 5).map(({ id }) => id) })
  }

  async #findReady(): Promise<readonly TaskRecord[]> {
    const { queues } = this.#ports.settings
    const found: TaskRecord[] = []
    for (const queue of queues?.map(({ name }) => name) ?? [null]) {
      if (queue === null || !this.#paused.includes(queue)) found.push(...(await this.#findIn(queue)))
    }
    return found
  }

  /** Newest ready tasks of a queue, of all queues with null, that any claim would take. */
  async #findIn(queue: string | null): Promise<readonly TaskRecord[]> {
    const { engine, clock, callTimeout } = this.#ports.settings
    const filter = { states: ['ready' as const], ...(queue === null ? {} : { queue }), limit: PAGE }
    let cursor: string | null = null
    for (let page = 0; page < PAGES; page++) {
      const asked = engine.records.find({ ...filter, cursor })
      const { tasks, next } = await answerOf(clock, callTimeout, 'a look for ready tasks', asked)
      const fit = tasks.filter((task) => this.#isFree(task))
      if (fit.length > 0 || next === null) return fit
      cursor = next
    }
    return []
  }

  /** After a jump of the store's clock a ready task may be due later again; one that expires may be past it. */
  #isFree({ queue, runAt, expiresAt }: TaskRecord): boolean {
    return expiresAt === null && runAt <= this.#engineNow && !this.#paused.includes(queue)
  }

  #tell(deafness: Deafness): void {
    this.#unanswered = 0
    this.#suspects = []
    this.#emptied = 0
    const { deafAfter, log, onDeaf } = this.#ports.settings
    this.#untilLook = deafAfter
    const { kind, time, tasks } = deafness
    if (kind === 'unanswered')
      log.error('this worker is deaf: the store answers heartbeats and no claims', {
        for_ms: Math.round(time),
      })
    else
      log.error('this worker is deaf: tasks of its queues stay ready, and no claim brings them', {
        for_ms: Math.round(time),
        tasks,
      })
    try {
      onDeaf(deafness)
    } catch (error) {
      log.error('onDeaf failed', { error })
    }
    this.#ports.deaf()
  }
}
