// The session of this worker: drawn at the start and anew after every `gone`, never revived. Keeps trying while the
// store is away. Beats are the heart's business, what becomes of running tasks is the worker's.

import { answerOf } from '../base/answer.ts'
import { sleep } from '../base/clock.ts'
import { mintToken } from '../core/ids.ts'
import type { ProcessIdentity } from '../core/record.ts'
import type { WorkerSettings } from './options.ts'

export interface MembershipPorts {
  readonly settings: WorkerSettings
  readonly identity: ProcessIdentity
  /** A session lives; null: there is none for the moment. */
  readonly changed: (session: string | null) => void
}

export class Membership {
  readonly #ports: MembershipPorts
  readonly #stop = new AbortController()
  #session: string | null = null

  constructor(ports: MembershipPorts) {
    this.#ports = ports
  }

  get session(): string | null {
    return this.#session
  }

  /** Starts a session; rejects when the store refuses or cannot be reached. */
  async join(): Promise<void> {
    const { settings, identity } = this.#ports
    for (;;) {
      const id = mintToken()
      const { clock, callTimeout, engine, name, queues, types, concurrency, lease } = settings
      const session = {
        ...identity,
        id,
        name,
        queues: queues?.map((queue) => queue.name) ?? null,
        types: [...types.keys()],
        concurrency,
        lease,
      }
      const [answer] = await answerOf(clock, callTimeout, 'a new session', engine.startSession([session]))
      if (answer !== 'started') continue
      this.#session = id
      if (this.#stop.signal.aborted) return this.leave()
      this.#ports.changed(id)
      return
    }
  }

  /** That session is dead. False: it was not the current one. */
  lost(session: string): boolean {
    if (session !== this.#session) return false
    this.#session = null
    this.#ports.changed(null)
    if (!this.#stop.signal.aborted) void this.#rejoin()
    return true
  }

  /** Ends the session, and draws a new one. For a worker that holds nothing. */
  renew(): void {
    const session = this.#session
    if (session === null || !this.lost(session)) return
    void this.#end(session)
  }

  /** Ends the session for good. */
  async leave(): Promise<void> {
    this.#stop.abort()
    const session = this.#session
    this.#session = null
    if (session !== null) await this.#end(session)
  }

  /** No new session is drawn any more. */
  stay(): void {
    this.#stop.abort()
  }

  async #end(session: string): Promise<void> {
    const { engine, log } = this.#ports.settings
    try {
      await engine.endSession([{ session, cause: 'stopped', culprits: null }])
    } catch (error) {
      log.warn('the end of the session could not be told, its lease will tell', { session, error })
    }
  }

  async #rejoin(): Promise<void> {
    const { settings } = this.#ports
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        await this.join()
        settings.log.info('a new session was started', { session: this.#session })
        return
      } catch (error) {
        if (failures % 20 === 0) settings.log.warn('a new session could not be started yet', { error })
        const wait = Math.min(5_000, 100 * 2 ** Math.min(failures, 6)) * (0.5 + settings.random() / 2)
        await sleep(settings.clock, wait, this.#stop.signal)
      }
    }
  }
}
