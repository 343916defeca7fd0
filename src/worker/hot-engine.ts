// The engine of a worker as its parts see it, with the one underneath exchangeable: a worker that went deaf goes on over
// connections of its own while its session, its heart and its handlers stay as they are. Promises that hints come from
// whichever engine is in use. Closes what it opened itself and nothing else.

import { answerOf } from '../base/answer.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { EngineFacts } from '../core/engine-facts.ts'
import type { CallerTransaction, Durability, Engine, EngineName } from '../core/engine.ts'
import type {
  Beat,
  ClaimRequest,
  Hint,
  NewSession,
  NewTask,
  Report,
  SessionEnd,
  Settlement,
  SweepRequest,
} from '../core/hot-verbs.ts'
import type { EngineOpening } from './options.ts'

interface Opener {
  readonly openEngine: (url: string, options: EngineOpening['openWith']) => Engine | Promise<Engine>
}

type Listener = (hint: Hint) => void

export class HotEngine implements Engine {
  readonly name: EngineName
  readonly address: string | null
  readonly #opening: EngineOpening | null
  readonly #watchers = new Map<object, { readonly listener: Listener; unwatch: () => void }>()
  #engine: Engine
  /** Opened here. */
  #own: Engine | null = null
  #released = false

  /** @param opening how the engine's address is opened; null: it cannot be opened anew */
  constructor(engine: Engine, opening: EngineOpening | null) {
    this.name = engine.name
    this.address = engine.address
    this.#engine = engine
    this.#opening = opening
  }

  /**
   * Goes on with connections that are made now. Never rejects; false: it goes on as it is.
   * @param limit how long opening may take, in ms
   */
  async reopen(clock: Clock, limit: number, log: Log): Promise<boolean> {
    const { address } = this
    if (address === null || this.#opening === null) return false
    const opening = openAnew(address, this.#opening)
    try {
      this.#use(await answerOf(clock, limit, 'its opening', opening))
      log.info('the store was opened anew')
      return true
    } catch (error) {
      // One that opens later is of no use to anybody.
      opening.then(close, () => undefined)
      log.warn('the store could not be opened anew', { error })
      return false
    }
  }

  #use(engine: Engine): void {
    if (this.#released) return void close(engine)
    const former = this.#own
    this.#engine = engine
    this.#own = engine
    for (const watcher of this.#watchers.values()) {
      watcher.unwatch()
      watcher.unwatch = engine.watch(watcher.listener)
    }
    if (former !== null) void close(former)
  }

  /** Closes what was opened here. */
  async release(): Promise<void> {
    this.#released = true
    if (this.#own !== null) await close(this.#own)
  }

  get instanceId(): string {
    return this.#engine.instanceId
  }

  get records(): Engine['records'] {
    return this.#engine.records
  }

  get schedules(): Engine['schedules'] {
    return this.#engine.schedules
  }

  get documents(): Engine['documents'] {
    return this.#engine.documents
  }

  get journal(): Engine['journal'] {
    return this.#engine.journal
  }

  migrate(): ReturnType<Engine['migrate']> {
    return this.#engine.migrate()
  }

  durability(): Promise<Durability> {
    return this.#engine.durability()
  }

  examine(): Promise<EngineFacts> {
    return this.#engine.examine()
  }

  now(): Promise<number> {
    return this.#engine.now()
  }

  enqueue(
    tasks: readonly NewTask[],
    options?: { readonly tx?: CallerTransaction; readonly notify?: boolean },
  ): ReturnType<Engine['enqueue']> {
    return this.#engine.enqueue(tasks, options)
  }

  claim(requests: readonly ClaimRequest[]): ReturnType<Engine['claim']> {
    return this.#engine.claim(requests)
  }

  settle(
    settlements: readonly Settlement[],
    options?: { readonly tx?: CallerTransaction },
  ): ReturnType<Engine['settle']> {
    return this.#engine.settle(settlements, options)
  }

  report(reports: readonly Report[]): ReturnType<Engine['report']> {
    return this.#engine.report(reports)
  }

  startSession(sessions: readonly NewSession[]): ReturnType<Engine['startSession']> {
    return this.#engine.startSession(sessions)
  }

  heartbeat(beats: readonly Beat[]): ReturnType<Engine['heartbeat']> {
    return this.#engine.heartbeat(beats)
  }

  endSession(ends: readonly SessionEnd[]): ReturnType<Engine['endSession']> {
    return this.#engine.endSession(ends)
  }

  sweep(request: SweepRequest): ReturnType<Engine['sweep']> {
    return this.#engine.sweep(request)
  }

  watch(listener: Listener): () => void {
    const key = {}
    this.#watchers.set(key, { listener, unwatch: this.#engine.watch(listener) })
    return () => {
      this.#watchers.get(key)?.unwatch()
      this.#watchers.delete(key)
    }
  }

  /** The engine that was given belongs to whoever gave it. */
  close(): Promise<void> {
    return this.release()
  }
}

async function openAnew(address: string, { openModule, openWith }: EngineOpening): Promise<Engine> {
  const { openEngine } = (await import(openModule)) as Opener
  return openEngine(address, openWith)
}

/** Never rejects: nothing depends on it any more. */
async function close(engine: Engine): Promise<void> {
  await engine.close().catch(() => undefined)
}
