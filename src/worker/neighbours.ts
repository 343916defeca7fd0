// Looks once a second whether a worker process of this host was killed: its session is ended at once and its tasks are
// brought back, without waiting for the lease. Compares only inside the same boot and pid namespace. Whether a process
// is gone is identity.ts's business.

import { answerOf } from '../base/answer.ts'
import type { Clock } from '../base/clock.ts'
import { Loop } from '../base/loop.ts'
import type { Engine } from '../core/engine.ts'
import type { SessionRecord } from '../core/record.ts'
import { isGone } from './identity.ts'
import type { News, UpkeepSettings } from './news.ts'

const INTERVAL = 1_000

export interface NeighboursPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly settings: UpkeepSettings
  readonly tell: (news: News) => void
  readonly session: () => string | null
  /** Brings back the tasks of a session that was just ended. */
  readonly rescue: () => Promise<void>
}

export class Neighbours {
  readonly #ports: NeighboursPorts
  readonly #loop: Loop

  constructor(ports: NeighboursPorts) {
    this.#ports = ports
    this.#loop = new Loop({
      run: () => this.#look(),
      interval: INTERVAL,
      clock: ports.clock,
      onError: () => undefined,
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #look(): Promise<void> {
    const { clock, engine, settings, tell } = this.#ports
    const { callTimeout } = settings
    const { host, bootId } = settings.identity
    if (bootId === '') return
    const own = this.#ports.session()
    const asked = engine.records.sessions({ state: 'live', host })
    const near = await answerOf(clock, callTimeout, 'a look at sessions', asked)
    const gone = near.filter((one) => one.id !== own && isGone(one, settings.identity))
    if (gone.length === 0) return
    const ends = gone.map(({ id }) => ({ session: id, cause: 'killed', culprits: null }) as const)
    const answers = await answerOf(clock, callTimeout, 'a report of deaths', engine.endSession(ends))
    const ended = gone.filter((_, i) => answers[i] === 'ended')
    for (const one of ended) tell({ kind: 'log', level: 'warn', ...wordsFor(one) })
    if (ended.length > 0) await this.#ports.rescue()
  }
}

function wordsFor({ id, name, pid }: SessionRecord): { message: string; fields: object } {
  return {
    message: 'a worker of this host was killed: its tasks run again',
    fields: { worker: name, pid, session: id },
  }
}
