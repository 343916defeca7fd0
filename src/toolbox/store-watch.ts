// The one alert that no store can keep: that the store does not answer. Each scheduler judges it by its own looks, in
// memory, and tells by itself; once the store answers again it is resolved, and the history learns of both.
// Promises that nothing here waits for the store.

import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { AlertRules, AlertTargets } from '../core/alert-rules.ts'
import type { Engine } from '../core/engine.ts'
import { formatDuration } from '../core/duration.ts'
import { noticeOf } from './alert-check.ts'
import type { AlertNotice } from './alert-words.ts'
import { postNotice, runCommand, tellLog } from './courier.ts'
import { wordsOf } from './figures.ts'
import { ALERT_STREAM } from './upkeep.ts'

export interface StoreWatchPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  /** Null: switched off. */
  readonly alerts: { readonly rules: Pick<AlertRules, 'for'>; readonly to: AlertTargets } | null
}

/** A moment without an answer is usual. */
const LEAST = 10_000
/** Tries of one delivery, and the wait between them. */
const TRIES = 5
const AGAIN = 30_000

export class StoreWatch {
  readonly #ports: StoreWatchPorts
  readonly #limit: number
  readonly #end = new AbortController()
  readonly #cancels = new Set<() => void>()
  #silentSince: { readonly mono: number; readonly wall: number } | null = null
  #fired: AlertNotice | null = null

  constructor(ports: StoreWatchPorts) {
    this.#ports = ports
    this.#limit = Math.max(LEAST, ports.alerts?.rules.for ?? 0)
  }

  /** A look at the store ended: null, or why it was not answered. */
  looked(error: unknown): void {
    if (error === null) return this.#answered()
    const { clock } = this.#ports
    this.#silentSince ??= { mono: clock.mono(), wall: clock.wall() }
    const silent = clock.mono() - this.#silentSince.mono
    if (this.#ports.alerts === null || this.#fired !== null || silent < this.#limit) return
    const text = `the store has not answered for ${formatDuration(Math.floor(silent / 1_000) * 1_000)}: ${wordsOf(error)}`
    this.#fired = this.#tell('fired', 'no_data', text, this.#silentSince.wall)
  }

  /** Gives up what is being delivered. */
  stop(): void {
    this.#end.abort()
    for (const cancel of this.#cancels) cancel()
  }

  #answered(): void {
    const fired = this.#fired
    this.#silentSince = null
    this.#fired = null
    if (fired === null) return
    const resolved = this.#tell('resolved', null, '', Date.parse(fired.since))
    const entries = [fired, resolved].map((notice) => {
      const { alert, at } = notice
      return { stream: ALERT_STREAM, key: alert, at: Date.parse(at), body: JSON.stringify(notice) }
    })
    this.#ports.engine.journal
      .append(entries)
      .catch((error: unknown) =>
        this.#ports.log.debug('the history of alerts could not be written', { error }),
      )
  }

  #tell(event: 'fired' | 'resolved', reason: 'no_data' | null, text: string, since: number): AlertNotice {
    const { log, engine, clock, alerts } = this.#ports
    const figures = { reason, text, value: null, threshold: null }
    const occasion = { now: clock.wall(), instance: engine.instanceId }
    const notice = noticeOf('store', event, figures, since, occasion)
    const { log: logged = false, command = null, webhook = null, folder = '' } = alerts?.to ?? {}
    const { signal } = this.#end
    if (logged) tellLog(log, notice)
    if (command !== null) this.#deliver(() => runCommand({ command, folder }, notice, signal), 1)
    if (webhook !== null) this.#deliver(() => postNotice(webhook, notice, signal), 1)
    return notice
  }

  #deliver(send: () => Promise<void>, round: number): void {
    if (this.#end.signal.aborted) return
    send().catch((error: unknown) => {
      if (this.#end.signal.aborted) return
      const { log, clock } = this.#ports
      log.warn('an alert could not be delivered; it is tried again', {
        alert: 'store',
        error: wordsOf(error),
      })
      if (round >= TRIES) return
      const cancel = clock.timer(AGAIN, () => {
        this.#cancels.delete(cancel)
        this.#deliver(send, round + 1)
      })
      this.#cancels.add(cancel)
    })
  }
}
