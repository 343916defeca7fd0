// The worker: takes tasks from an engine it was given, runs their handlers and tells how they ended, from start to
// stop. Owns the wiring of its parts and the order in which it stops; what each part promises stands in its own file.
// Closes no engine that it was given.

import { isMainThread } from 'node:worker_threads'

import { sleep } from '../base/clock.ts'
import { Service } from '../base/service.ts'
import { parseDuration, type Duration } from '../core/duration.ts'
import { heldHash } from '../core/held.ts'
import type { BeatReply, Held } from '../core/hot-verbs.ts'
import { claimIdOf } from '../core/ids.ts'
import type { TaskRecord } from '../core/record.ts'
import type { Attempt } from './attempt.ts'
import { AttemptLines } from './attempt-lines.ts'
import { Board } from './board.ts'
import { Cancels } from './cancels.ts'
import { Claimer } from './claimer.ts'
import { Deaths } from './deaths.ts'
import { Desk } from './desk.ts'
import { Emptiness } from './emptiness.ts'
import { executeInside } from './execute.ts'
import { createEnqueue } from './follow-ups.ts'
import { Hearing } from './hearing.ts'
import { createHeart, type HeartLink } from './heart-link.ts'
import { HotEngine } from './hot-engine.ts'
import { leadsGroup, readIdentity } from './identity.ts'
import { Isolator } from './isolation/isolator.ts'
import { LoopWatch } from './loop-watch.ts'
import { Membership } from './membership.ts'
import type { HeldAnswer, News, UpkeepSettings } from './news.ts'
import { readWorkerOptions, type WorkerOptions, type WorkerSettings } from './options.ts'
import { Reporter } from './reporter.ts'
import { Runner } from './runner.ts'
import { StallBoard } from './stall-board.ts'
import { newCounters, type WorkerStatus } from './status.ts'

export type { WorkerOptions } from './options.ts'

export class Worker extends Service {
  readonly #settings: WorkerSettings
  readonly #engine: HotEngine
  readonly #counters = newCounters()
  readonly #board: Board
  readonly #lines: AttemptLines
  readonly #runner: Runner
  readonly #isolator: Isolator
  readonly #reporter: Reporter
  readonly #deaths: Deaths
  readonly #desk: Desk
  #claimer: Claimer
  readonly #hearing: Hearing
  readonly #cancels: Cancels
  readonly #membership: Membership
  readonly #heart: HeartLink
  readonly #loopWatch: LoopWatch
  readonly #emptiness: Emptiness
  /** Aborted by the second signal: every wait of the stop is cut short. */
  readonly #hurry = new AbortController()
  #unwatch: (() => void) | null = null
  #state: WorkerStatus['state'] = 'new'
  #drain: number
  #paused: readonly string[] = []

  constructor(options: WorkerOptions) {
    super()
    const read = readWorkerOptions(options)
    const engine = new HotEngine(read.engine, read.heart)
    const settings = { ...read, engine }
    const { clock, log } = settings
    this.#engine = engine
    this.#settings = settings
    this.#drain = settings.drain
    this.#board = new Board(settings.concurrency, clock)
    const stalls = new StallBoard()
    // The main thread is the only one that another can look into.
    const watched = isMainThread ? stalls : null
    this.#loopWatch = new LoopWatch(clock, (words) => this.#stood(words), watched)
    this.#reporter = new Reporter({
      engine,
      clock,
      log,
      callTimeout: settings.callTimeout,
      answered: (attempt, { status }) => {
        if (status === 'cancel') this.#runner.cancel(attempt)
        if (status === 'lost') this.#lose(attempt, 'the task is not ours any more')
      },
    })
    this.#isolator = new Isolator(settings)
    this.#lines = new AttemptLines(settings)
    this.#runner = this.#createRunner()
    const { held, running } = this.#runner
    const desk = { settings, lines: this.#lines, reporter: this.#reporter, counters: this.#counters, held }
    this.#deaths = new Deaths(settings)
    this.#desk = new Desk({
      ...desk,
      deaths: this.#deaths,
      sending: () => this.#claimer.now(),
      moved: (due) => this.#moved(due),
    })
    const session = (): string | null => this.#membership.session
    this.#hearing = new Hearing({
      settings,
      listening: () => session() !== null && this.#slots() > 0,
      deaf: () => void this.#beginAnew(),
    })
    this.#claimer = this.#createClaimer()
    this.#cancels = new Cancels({
      settings,
      session,
      running: () => running.size,
      answered: (from, reply) => this.#answered(from, reply),
    })
    const upkeep = this.#upkeepSettings()
    const { identity } = upkeep
    this.#membership = new Membership({ settings, identity, changed: (id) => this.#sessionChanged(id) })
    const said = { tell: (news: News) => this.#hear(news), held: (list: boolean) => this.#held(list) }
    this.#heart = createHeart({ settings, upkeep, board: this.#board, stalls, ...said })
    this.#emptiness = new Emptiness({
      settings,
      claimer: () => this.#claimer,
      busy: () => held.size + running.size + this.#desk.unsettled,
    })
  }

  /** Stops claiming, lets tasks end for `drain` (default: as configured), then aborts and hands back what is left. */
  override stop(options: { readonly drain?: Duration } = {}): Promise<void> {
    if (options.drain !== undefined) this.#drain = parseDuration(options.drain, 'drain')
    return super.stop()
  }

  /** The second signal: aborts what runs and hands it back now. */
  release(): Promise<void> {
    this.#hurry.abort()
    return this.stop({ drain: 0 })
  }

  /**
   * Resolves when nothing of a known type is ready in its unpaused queues and nothing runs here.
   * @param options.all also waits for retries and scheduled tasks
   */
  drainUntilEmpty(options: { readonly all?: boolean } = {}): Promise<void> {
    return this.#emptiness.wait(options.all ?? false)
  }

  status(): WorkerStatus {
    const { name, concurrency, queues, types, clock } = this.#settings
    const now = clock.mono()
    return {
      state: this.#state,
      name,
      session: this.#membership.session,
      concurrency,
      queues: queues?.map((queue) => queue.name) ?? null,
      types: [...types.keys()],
      running: [...this.#runner.running].map((one) => ({
        id: one.id,
        type: one.task.type,
        queue: one.task.queue,
        attempt: one.task.attempt,
        runsFor: now - one.startedAt,
        stopped: one.stop,
        givenUp: one.stage !== 'running',
      })),
      waiting: this.#runner.waiting.length,
      unsettled: this.#desk.unsettled,
      paused: this.#paused,
      claimAnswered: this.#hearing.answeredAgo,
      counters: this.#counters,
    }
  }

  protected override async onStart(): Promise<void> {
    const { engine, log, types, bare, name } = this.#settings
    if (types.size === 0) log.warn('this worker knows no task type, so it takes no task')
    if (bare.length > 0) log.warn('definitions without a handler are left to other workers', { types: bare })
    await this.#heart.open()
    try {
      await this.#membership.join()
    } catch (error) {
      await this.#heart.stop()
      throw error
    }
    this.#unwatch = engine.watch(({ kind }) => {
      if (kind !== 'change' && kind !== 'cancel') this.#claimer.wake()
      this.#cancels.hint(kind)
    })
    this.#loopWatch.start()
    this.#state = 'running'
    this.#isolator.warm()
    this.#claimer.start()
    this.#hearing.start()
    this.#deaths.start()
    log.info('worker started', { worker: name, session: this.#membership.session, types: [...types.keys()] })
  }

  protected override async onStop(): Promise<void> {
    const { grace, log, name, callTimeout } = this.#settings
    this.#state = 'draining'
    this.#membership.stay()
    this.#heart.drain()
    this.#hearing.stop()
    await this.#claimer.stop()
    this.#runner.handBackWaiting()
    if (this.#runner.running.size > 0)
      log.info('draining: tasks may end', { running: this.#runner.running.size, drain_ms: this.#drain })
    await this.#within(this.#runner.idle(), this.#drain, this.#hurry.signal)
    if (this.#runner.running.size > 0) {
      this.#runner.shutdown()
      await this.#within(this.#runner.idle(), grace, this.#hurry.signal)
      this.#runner.releaseRunning()
    }
    this.#isolator.stop()
    await this.#within(this.#desk.drained(), 2 * callTimeout)
    if (this.#desk.unsettled > 0)
      log.error('the store took no more endings; these tasks run again', { endings: this.#desk.unsettled })
    await this.#within(this.#deaths.stop(), grace, this.#hurry.signal)
    await this.#within(this.#desk.stop(), callTimeout, this.#hurry.signal)
    this.#cancels.stop()
    this.#unwatch?.()
    this.#loopWatch.stop()
    this.#runner.stop()
    this.#lines.stop()
    this.#reporter.stop()
    await this.#heart.stop()
    await this.#within(this.#membership.leave(), callTimeout)
    await this.#engine.release()
    this.#state = 'stopped'
    this.#emptiness.stop()
    log.info('worker stopped', { worker: name, ...this.#counters })
  }

  #createClaimer(): Claimer {
    const claimer: Claimer = new Claimer({
      settings: this.#settings,
      session: () => this.#membership.session,
      room: () => this.#room(),
      // One that was replaced: what it still brings, the heart finds and hands back.
      take: (tasks, from) => (claimer === this.#claimer ? this.#take(tasks, from) : this.#heart.look()),
      answered: (emptied) => this.#hearing.answered(emptied),
      gone: (from) => this.#gone(from, 'the store declared this session dead'),
      quiet: () => this.#emptiness.look(),
      unsure: () => this.#heart.look(),
    })
    return claimer
  }

  /** Everything a claim goes through is made anew: connections, claimer; else the session. What runs here goes on. */
  async #beginAnew(): Promise<void> {
    const { clock, callTimeout, log } = this.#settings
    this.#counters.deaf++
    const opened = await this.#engine.reopen(clock, callTimeout, log)
    if (this.#state !== 'running') return
    void this.#claimer.stop()
    this.#claimer = this.#createClaimer()
    this.#claimer.start()
    if (!opened && this.#runner.held.size === 0) this.#membership.renew()
  }

  #createRunner(): Runner {
    const settings = this.#settings
    const touch = (attempt: Attempt): void => this.#reporter.touch(attempt)
    return new Runner({
      settings,
      board: this.#board,
      isolator: this.#isolator,
      lines: this.#lines,
      run: {
        execute: executeInside(settings.middleware),
        context: { settings, enqueue: createEnqueue(settings), touch },
        standstill: () => this.#loopWatch.words,
      },
      ended: (attempt, outcome) => this.#desk.take(attempt, outcome),
      room: () => this.#moved(null),
    })
  }

  #upkeepSettings(): UpkeepSettings {
    const { lease, grace, doubt, callTimeout, deafAfter, hung, neighbours, keepCount, keepBytes } =
      this.#settings
    const { silent } = this.#deaths
    const kept = { keepCount, keepBytes }
    const group = hung === 'kill' && leadsGroup()
    const identity = readIdentity()
    const times = { lease, grace, doubt, callTimeout, deafAfter }
    return { ...times, identity, hung, leadsGroup: group, neighbours, ...kept, silent }
  }

  /** Tasks that may be claimed now: free slots, as far as endings do not pile up. */
  #room(): number {
    return Math.min(this.#slots(), this.#settings.unsettledMost - this.#desk.unsettled)
  }

  /** Free slots. Endings that pile up take none: a store that takes no ending is not heard either. */
  #slots(): number {
    return this.#state === 'running' && this.#settings.types.size > 0 ? this.#runner.room : 0
  }

  #take(tasks: readonly TaskRecord[], session: string): void {
    this.#counters.claimed += tasks.length
    // Its session died meanwhile: whoever rescues it has them.
    if (session !== this.#membership.session) return
    this.#runner.take(tasks, session, this.#state === 'running')
  }

  /** A slot got free or endings made way; a retry of this worker falls due in `due` ms. */
  #moved(due: number | null): void {
    this.#claimer.due(due)
    this.#claimer.room()
    this.#emptiness.ended()
  }

  #sessionChanged(session: string | null): void {
    this.#heart.follow(session)
    if (session !== null && this.#state === 'running') this.#claimer.wake()
  }

  #hear(news: News): void {
    const { log } = this.#settings
    switch (news.kind) {
      case 'beat':
        this.#desk.reached()
        this.#hearing.beat(news.reply)
        return this.#answered(news.session, news.reply)
      case 'gone':
        return this.#gone(news.session, news.why)
      case 'doubt':
        log.error('the store was out of reach for too long: what runs is told to stop', {
          after_ms: news.after,
        })
        return this.#loseAll(news.session, 'the store was out of reach for too long')
      case 'rescued':
        this.#counters.rescued += news.count
        return this.#claimer.wake()
      case 'dead':
        this.#desk.died(news.ids.length)
        return this.#deaths.died(news.ids)
      case 'log':
        return log[news.level](news.message, news.fields)
    }
  }

  #answered(session: string, reply: BeatReply): void {
    if (session !== this.#membership.session) return
    if (reply.status === 'gone') return this.#gone(session, 'the store declared this session dead')
    this.#paused = reply.paused
    this.#claimer.due(reply.nextDueIn)
    for (const attempt of this.#find(reply.cancels)) this.#runner.cancel(attempt)
    for (const attempt of this.#find(reply.lost)) this.#lose(attempt, 'the task is not ours any more')
    if (reply.unclaimed.length === 0) return
    const mine = new Set(this.#find(reply.unclaimed).map(({ id }) => id))
    // The reply of a claim under way may still bring them.
    this.#desk.handBack(
      reply.unclaimed.filter(({ id, claim }) => !mine.has(id) && !this.#claimer.asks(claimIdOf(claim))),
    )
  }

  #find(wanted: readonly Held[]): Attempt[] {
    if (wanted.length === 0) return []
    const tokens = new Set(wanted.map(({ id, claim }) => `${claim} ${id}`))
    return [...this.#runner.held].filter(({ id, claim }) => tokens.has(`${claim} ${id}`))
  }

  #gone(session: string, why: string): void {
    if (!this.#membership.lost(session)) return
    this.#settings.log.warn(`the session is dead: ${why}`, { session })
    this.#loseAll(session, why)
  }

  #loseAll(session: string, why: string): void {
    for (const attempt of this.#runner.held) if (attempt.session === session) this.#lose(attempt, why)
  }

  #lose(attempt: Attempt, why: string): void {
    if (this.#runner.lose(attempt, why)) this.#counters.lost++
  }

  /** What the heart tells the store: all that runs or waits here under this session. */
  #held(list: boolean): HeldAnswer {
    const session = this.#membership.session
    const held = [...this.#runner.held].filter((attempt) => attempt.session === session)
    const tokens = list ? held.map(({ id, claim }) => ({ id, claim })) : null
    return { count: held.length, hash: heldHash(held), list: tokens }
  }

  #stood(words: string): void {
    this.#settings.log.warn(words, { tasks: [...this.#runner.running].slice(0, 20).map(({ id }) => id) })
    for (const attempt of this.#runner.running) attempt.warn(words)
  }

  /** Waits for the work, but no longer than `ms` and not after the signal. */
  async #within(work: Promise<void>, ms: number, signal?: AbortSignal): Promise<void> {
    const done = new AbortController()
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal])
    await Promise.race([work, sleep(this.#settings.clock, ms, until)])
    done.abort()
  }
}
