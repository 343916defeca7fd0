// The worker's end of its upkeep: on a thread of its own where the store can be reached from there, else beside the
// handlers. A thread that dies is made again, for a worker without a heart is a worker about to lose its tasks.

import { Worker as Thread } from 'node:worker_threads'

import type { Cancel } from '../base/clock.ts'
import { WindlassError } from '../core/errors.ts'
import type { Board } from './board.ts'
import type { FromHeart, HeartStart, ToHeart } from './heart-messages.ts'
import type { HeldAnswer, News, UpkeepSettings } from './news.ts'
import type { WorkerSettings } from './options.ts'
import type { StallBoard } from './stall-board.ts'
import { Upkeep } from './upkeep.ts'

export interface HeartLinkPorts {
  readonly settings: WorkerSettings
  readonly upkeep: UpkeepSettings
  readonly board: Board
  readonly stalls: StallBoard
  readonly tell: (news: News) => void
  readonly held: (list: boolean) => HeldAnswer
}

export interface HeartLink {
  /** Gets ready to beat; fails when the store cannot be opened. */
  open(): Promise<void>
  /** Beats for this session; null: for none. */
  follow(session: string | null): void
  /** Compares with the store now what is held. */
  look(): void
  drain(): void
  stop(): Promise<void>
}

/** The heart for these settings. */
export function createHeart(ports: HeartLinkPorts): HeartLink {
  const { heart, engine } = ports.settings
  if (heart === null || engine.address === null) return new HeartBeside(ports)
  const { board, stalls, upkeep } = ports
  return new HeartThread(ports, {
    opening: heart,
    address: engine.address,
    settings: upkeep,
    board: board.buffer,
    stalls: stalls.buffer,
  })
}

class HeartBeside implements HeartLink {
  readonly #upkeep: Upkeep
  #started = false

  constructor({ settings, upkeep, board, tell, held }: HeartLinkPorts) {
    const { engine, clock, random } = settings
    this.#upkeep = new Upkeep({
      engine,
      clock,
      settings: upkeep,
      board,
      random,
      tell,
      ask: async (list) => held(list),
    })
  }

  async open(): Promise<void> {}

  follow(session: string | null): void {
    if (this.#started) return this.#upkeep.follow(session)
    if (session === null) return
    this.#started = true
    this.#upkeep.start(session)
  }

  look(): void {
    if (this.#started) this.#upkeep.look()
  }

  drain(): void {
    this.#upkeep.drain()
  }

  async stop(): Promise<void> {
    if (this.#started) await this.#upkeep.stop()
  }
}

/** In `dist` the neighbour is JavaScript. */
const THREAD = import.meta.url.endsWith('.ts')
  ? new URL('./heart-thread.ts', import.meta.url)
  : new URL('./heart-thread.js', import.meta.url)
/** A beat makes little garbage: a small nursery keeps megabytes that it would never need. */
const NURSERY_MB = 1
/** How long a thread may take to end by itself. */
const STOP_MOST = 2_000

class HeartThread implements HeartLink {
  readonly #ports: HeartLinkPorts
  readonly #start: HeartStart
  #thread: Thread | null = null
  #session: string | null = null
  #draining = false
  #stopping = false
  #opened = false
  #deaths = 0
  #again: Cancel | null = null

  constructor(ports: HeartLinkPorts, start: HeartStart) {
    this.#ports = ports
    this.#start = start
  }

  /** Resolves when the thread has opened the store. */
  open(): Promise<void> {
    this.#stopping = false
    const thread = new Thread(THREAD, {
      workerData: this.#start,
      name: 'windlass heart',
      resourceLimits: { maxYoungGenerationSizeMb: NURSERY_MB },
    })
    // The claimer decides how long the process lives.
    thread.unref()
    this.#thread = thread
    return new Promise((resolve, reject) => {
      let died: unknown = null
      thread.on('message', (message: FromHeart) => {
        if (message.kind === 'open') {
          this.#opened = true
          resolve()
        } else if (message.kind === 'failed')
          reject(new WindlassError('child_failed', `heart: ${message.message}`))
        else this.#hear(message)
      })
      thread.on('error', (error) => {
        died = error
      })
      thread.on('exit', () => {
        reject(new WindlassError('child_failed', 'the heart ended before it was ready', { cause: died }))
        if (this.#thread === thread) this.#died(died)
      })
    })
  }

  follow(session: string | null): void {
    this.#session = session
    this.#say({ kind: 'follow', session })
  }

  look(): void {
    this.#say({ kind: 'look' })
  }

  drain(): void {
    this.#draining = true
    this.#say({ kind: 'drain' })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#again?.()
    const thread = this.#thread
    if (thread === null) return
    const { clock } = this.#ports.settings
    await new Promise<void>((resolve) => {
      const cancel = clock.timer(STOP_MOST, resolve, true)
      thread.once('exit', () => {
        cancel()
        resolve()
      })
      this.#say({ kind: 'stop' })
    })
    this.#thread = null
    await thread.terminate()
  }

  #say(message: ToHeart): void {
    this.#thread?.postMessage(message)
  }

  #hear(message: FromHeart): void {
    if (message.kind === 'news') this.#ports.tell(message.news)
    if (message.kind === 'ask')
      this.#say({ kind: 'held', ticket: message.ticket, held: this.#ports.held(message.list) })
  }

  /** A new thread takes over for the same session, after a pause that grows. */
  #died(error: unknown): void {
    this.#thread = null
    // One that was never ready is the start's failure, told to whoever starts.
    if (this.#stopping || !this.#opened) return
    const { clock, log } = this.#ports.settings
    const wait = Math.min(5_000, 100 * 2 ** Math.min(this.#deaths++, 6))
    log.error('the thread of the heart ended, a new one is made', { error, wait_ms: wait })
    this.#again = clock.timer(wait, () => {
      this.open().then(
        () => {
          this.#say({ kind: 'follow', session: this.#session })
          if (this.#draining) this.#say({ kind: 'drain' })
        },
        (error: unknown) => log.error('the heart could not be started again', { error }),
      )
    })
  }
}
