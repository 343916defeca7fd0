// Shows that this scheduler lives, and clears away what dead ones and old ticks left: nobody else does. Nothing rests on
// it. Promises a handful of small calls a minute, and that a store which does not answer is only told to the log.

import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Loop } from '../base/loop.ts'
import type { Engine } from '../core/engine.ts'
import { mintToken } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { TICK_STREAM } from '../core/schedule-tick.ts'
import {
  PRESENCE_EVERY,
  SCHEDULER_DOCUMENT,
  writePresence,
  type SchedulerPresence,
} from '../core/scheduler-presence.ts'

/** Between two clearings, and how long dead schedulers and ticks are kept, in ms. */
const CLEAR_EVERY = 600_000
const KEEP_DEAD = 3_600_000
const KEEP_TICKS = 7 * 86_400_000
const PRUNE_ROUNDS = 100

export interface PresencePorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly identity: SchedulerPresence
}

export class Presence {
  readonly #ports: PresencePorts
  readonly #key = mintToken()
  readonly #body: string
  readonly #beat: Loop
  readonly #clear: Loop
  #version = 0

  constructor(ports: PresencePorts) {
    const { clock, log } = ports
    this.#ports = ports
    this.#body = writePresence(ports.identity)
    const onError = (error: unknown): void =>
      log.debug('a scheduler could not show itself or clear away', { error })
    this.#beat = new Loop({ clock, interval: PRESENCE_EVERY, run: () => this.#show(), onError })
    this.#clear = new Loop({ clock, interval: CLEAR_EVERY, run: () => this.#tidy(), onError })
  }

  /** Shows itself once before it answers, so that whoever looks afterwards sees it. */
  async start(): Promise<void> {
    await this.#show()
    this.#beat.start()
    this.#clear.start()
  }

  /** Takes itself off the list. */
  async stop(): Promise<void> {
    await Promise.all([this.#beat.stop(), this.#clear.stop()])
    const own = { kind: SCHEDULER_DOCUMENT, key: this.#key, version: this.#version }
    await this.#ports.engine.documents.remove([own]).catch(() => undefined)
  }

  async #show(): Promise<void> {
    const own = { kind: SCHEDULER_DOCUMENT, key: this.#key, version: this.#version, body: this.#body }
    const [reply] = await this.#ports.engine.documents.put([own])
    // After a conflict (an answer was lost, or somebody cleared it away) the next one fits.
    this.#version = reply?.version ?? 0
  }

  async #tidy(): Promise<void> {
    const { engine } = this.#ports
    const now = await engine.now()
    const all = await engine.documents.list(SCHEDULER_DOCUMENT, null, LIMITS.page)
    const dead = all.filter(({ updatedAt }) => updatedAt < now - KEEP_DEAD)
    if (dead.length > 0) await engine.documents.remove(dead)
    for (let round = 0; round < PRUNE_ROUNDS; round++)
      if ((await engine.journal.prune(TICK_STREAM, now - KEEP_TICKS, LIMITS.page)) < LIMITS.page) break
  }
}
