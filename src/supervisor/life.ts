// One worker process in the care of a supervisor: from its start until its end is told. Promises that each of its
// steps becomes an event, that its death reaches the store, and that a drain has an end. Leaves whether another process
// follows to slot.ts.

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import type { WorkerFacts } from './control.ts'
import type { DeathDesk } from './death-desk.ts'
import type { LeaveReason, Tell } from './events.ts'
import type { Report } from './messages.ts'
import { whyRecycle, type RecycleLimits, type RecycleReason } from './recycle-rules.ts'
import type { SavedWorker } from './state.ts'
import type { ProcessEnd, WorkerProcess } from './worker-process.ts'

export interface LifePorts {
  readonly name: string
  readonly tell: Tell
  readonly desk: DeathDesk
  /** Longest drain, in ms; then the process group is killed and its tasks are handed back. */
  readonly patienceAtStop: number
  /** From a forced stop to the kill, in ms. */
  readonly patienceAtForce: number
  /** Something changed that the next supervisor would have to know. */
  readonly changed: () => void
  readonly clock?: Clock
}

/** A process that lives. */
export class Life {
  readonly process: WorkerProcess
  /** True: it takes work. False: it ended before. */
  readonly began: Promise<boolean>
  /** Resolves when its end is told. */
  readonly over: Promise<ProcessEnd>
  readonly #ports: LifePorts
  readonly #clock: Clock
  readonly #draw = Math.random()
  #leaving: LeaveReason | null = null
  #killedByUs = false
  #kill: Cancel | null = null
  #begun: (ready: boolean) => void = () => {}

  constructor(process: WorkerProcess, ports: LifePorts) {
    this.process = process
    this.#ports = ports
    this.#clock = ports.clock ?? systemClock
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.began = promise
    this.#begun = resolve
    process.link.listen({
      onReport: (report, before) => this.#heard(report, before),
      onLine: (text) => ports.tell({ kind: 'line', worker: ports.name, stream: 'stdout', text }),
    })
    this.over = process.ended.then((end) => this.#ended(end))
    this.#tellStart()
  }

  get ready(): boolean {
    return this.process.link.report.ready
  }

  get leaving(): boolean {
    return this.#leaving !== null
  }

  /** Lets it drain and end. */
  leave(why: LeaveReason, told = false): void {
    if (this.#leaving !== null) return
    this.#leaving = why
    const { pid } = this.process
    if (pid === null) return
    this.#ports.tell({ kind: 'draining', worker: this.#ports.name, pid, why })
    // Told already by the supervisor before us: a second signal would mean "at once".
    if (!told) this.process.terminate()
    this.#killAfter(this.#ports.patienceAtStop)
    this.#ports.changed()
  }

  /** It hands back at once what it runs, else it is killed. */
  hurry(): void {
    this.#leaving ??= 'stop'
    this.process.release()
    this.#killAfter(this.#ports.patienceAtForce)
  }

  /** Why another process is to take its place; null: it may go on. */
  whyRecycle(limits: RecycleLimits): RecycleReason | null {
    if (this.#leaving !== null || !this.ready) return null
    const { since, link } = this.process
    return whyRecycle(limits, link.report.vitals, this.#clock.mono() - since, this.#draw)
  }

  facts(): Omit<WorkerFacts, 'restarts' | 'last_end'> {
    const { pid, since, adopted, link } = this.process
    const { session, vitals } = link.report
    return {
      name: this.#ports.name,
      pid,
      state: this.#leaving !== null ? 'draining' : this.ready ? 'running' : 'starting',
      uptime_ms: Math.round(this.#clock.mono() - since),
      rss_mb: vitals === null ? null : Math.round(vitals.rss / 2 ** 20),
      cpu: vitals === null ? null : Math.round(vitals.cpu * 10) / 10,
      loop_delay_ms: vitals === null ? null : Math.round(vitals.loop_delay * 10) / 10,
      running: vitals?.running ?? null,
      finished: vitals?.finished ?? null,
      session,
      adopted,
    }
  }

  saved(restarts: number): SavedWorker | null {
    const { pid, startTime, since, link } = this.process
    if (pid === null) return null
    const { session, ready } = link.report
    return {
      name: this.#ports.name,
      pid,
      start_time: startTime,
      token: link.token,
      session,
      ready,
      leaving: this.leaving,
      restarts,
      started_at: new Date(this.#clock.wall() - (this.#clock.mono() - since)).toISOString(),
    }
  }

  #tellStart(): void {
    const { pid, adopted, link } = this.process
    const { tell, name } = this.#ports
    if (pid === null) return
    if (adopted) tell({ kind: 'adopted', worker: name, pid, session: link.report.session })
    else tell({ kind: 'started', worker: name, pid })
    if (link.report.ready) this.#begun(true)
  }

  #heard(report: Report, before: Report): void {
    const { tell, name, changed } = this.#ports
    if (report.ready && !before.ready) {
      const after = this.#clock.mono() - this.process.since
      tell({ kind: 'ready', worker: name, pid: this.process.pid ?? 0, after })
      this.#begun(true)
    }
    if (report.ready !== before.ready || report.session !== before.session) changed()
  }

  #killAfter(ms: number): void {
    this.#kill?.()
    this.#kill = this.#clock.timer(ms, () => {
      this.#killedByUs = true
      this.process.kill()
    })
  }

  #ended(end: ProcessEnd): ProcessEnd {
    const { tell, name, desk } = this.#ports
    this.#kill?.()
    const { pid, link } = this.process
    const { code, signal, error } = end
    const expected = this.leaving
    tell({ kind: 'ended', worker: name, pid, code, signal, error: error?.message ?? null, expected })
    if (link.report.session !== null) desk.report(name, link.report.session, end, this.#killedByUs)
    this.#begun(false)
    return end
  }
}
