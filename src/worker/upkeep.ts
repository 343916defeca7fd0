// Everything that must go on while handlers run, put together: heart, witness, sweeper, neighbours. Lives on a thread of
// its own, or beside the handlers where only this process can reach the store. Owns nothing but the wiring.

import { writeSync } from 'node:fs'

import type { Clock } from '../base/clock.ts'
import type { Engine } from '../core/engine.ts'
import type { Board } from './board.ts'
import { Heart } from './heart.ts'
import { Neighbours } from './neighbours.ts'
import type { HeldAnswer, News, UpkeepSettings } from './news.ts'
import { Sweeper } from './sweeper.ts'
import { Witness } from './witness.ts'

export interface UpkeepPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly settings: UpkeepSettings
  readonly board: Board
  readonly random: () => number
  readonly tell: (news: News) => void
  readonly ask: (list: boolean) => Promise<HeldAnswer | null>
}

export class Upkeep {
  readonly #heart: Heart
  readonly #sweeper: Sweeper
  readonly #neighbours: Neighbours | null

  constructor(ports: UpkeepPorts) {
    const { lease, silent, identity } = ports.settings
    const witness = new Witness(lease)
    const kill = (words: string | null): void => killSelf(ports.settings.leadsGroup, words)
    this.#heart = new Heart({ ...ports, witness, kill })
    const session = (): string | null => this.#heart.session
    this.#sweeper = new Sweeper({ ...ports, witness, session, silent, identity })
    this.#neighbours = ports.settings.neighbours
      ? new Neighbours({ ...ports, session, rescue: () => this.#sweeper.now() })
      : null
  }

  /** Begins to beat for `session`. */
  start(session: string): void {
    this.#heart.follow(session)
    this.#heart.start()
    this.#sweeper.start()
    this.#neighbours?.start()
  }

  follow(session: string | null): void {
    this.#heart.follow(session)
  }

  look(): void {
    this.#heart.look()
  }

  drain(): void {
    this.#heart.drain()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#neighbours?.stop(), this.#sweeper.stop()])
    await this.#heart.stop()
  }
}

/** SIGKILL cannot be caught: nothing of this process goes on, whatever blocks it. */
function killSelf(group: boolean, words: string | null): void {
  // Past the other threads: they may never turn again.
  if (words !== null) writeSync(2, `${words}\n`)
  process.kill(group ? -process.pid : process.pid, 'SIGKILL')
}
