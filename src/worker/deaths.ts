// Sees to it that the `onDead` of a task type is called for each of its deaths, whoever settled it: a notice is written
// before a death is settled, and removed after the call. Looks for notices at the start, after deaths and every few
// seconds, takes one for a minute and tells it (mourning.ts); a notice whose teller died is told by the next one.

import { answerOf } from '../base/answer.ts'
import { writeDeathNotices } from '../base/death-notices.ts'
import { Loop } from '../base/loop.ts'
import { DEATH_DOCUMENT, readDeathNotice, writeDeathNotice, type DeathNotice } from '../core/death-notice.ts'
import type { Outcome } from '../core/hot-verbs.ts'
import type { DocumentRecord, TaskRecord } from '../core/record.ts'
import { Mourning, TELL_MOST } from './mourning.ts'
import type { WorkerSettings } from './options.ts'

/** How often notices are looked for: of deaths that others settled. */
const LOOK = 5_000
const PAGE = 500
/** Notices of types that nobody here knows may pile up: they are gone through bit by bit. */
const PAGES_PER_LOOK = 4
const AT_ONCE = 10
/** How long a teller has the notice for itself. */
const TAKEN = 2 * TELL_MOST
/** Notices of types that no worker knows are dropped after this long. */
const KEPT = 7 * 86_400_000
/** A notice without a death: its settlement never came, or its task was made ready again. */
const HOPELESS = 3_600_000

interface Death {
  readonly id: string
  /** Null: it could not be written; this process tells all the same. */
  readonly notice: (DeathNotice & { readonly version: number }) | null
}

export class Deaths {
  readonly #settings: WorkerSettings
  readonly #mourning: Mourning
  readonly #loop: Loop
  /** Claims whose death has a notice and is on its way to the store. */
  readonly #announced = new Set<string | null>()
  /** Deaths that this process settled, until their notices are read. */
  readonly #died: string[] = []
  #after: string | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  /** Deaths that wait to be told, or are being told. */
  readonly #known = new Set<string>()
  readonly #waiting: Death[] = []
  #running = 0
  #idle: (() => void)[] = []

  constructor(settings: WorkerSettings) {
    this.#settings = settings
    this.#mourning = new Mourning(settings)
    this.#loop = new Loop({
      run: () => this.#find(),
      interval: LOOK,
      clock: settings.clock,
      onError: (error) => settings.log.debug('looking for notices of deaths failed', { error }),
    })
  }

  /** Names of the types whose deaths nobody is to be told of. */
  get silent(): readonly string[] {
    const { types } = this.#settings
    return [...types.keys()].filter((name) => !this.#mourning.knows(name))
  }

  start(): void {
    this.#loop.start()
  }

  /** Resolves when what died here was told; what others settled is left to others. */
  async stop(): Promise<void> {
    await this.#loop.stop()
    while (this.#died.length > 0) await this.#findDied().catch(() => undefined)
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Writes the notice of a death that is about to be settled. Null: nobody is to be told. Never rejects. */
  announce(task: TaskRecord): Promise<void> | null {
    if (!this.#mourning.knows(task.type)) return null
    const { clock, callTimeout, engine, log } = this.#settings
    return answerOf(clock, callTimeout, 'a notice of a death', writeDeathNotices(engine, [task])).then(
      () => void this.#announced.add(task.claim),
      (error: unknown) =>
        log.warn('the notice of a death could not be written: onDead is called here or not at all', {
          task: task.id,
          error,
        }),
    )
  }

  /** The store took this outcome; null: it refused it as late. */
  settled(task: TaskRecord, outcome: Outcome | null): void {
    const announced = this.#announced.delete(task.claim)
    if (outcome?.to !== 'dead' || !this.#mourning.knows(task.type)) return
    if (announced) this.died([task.id])
    else this.#add({ id: task.id, notice: null })
  }

  /** These have died, and their notices are written. */
  died(ids: readonly string[]): void {
    this.#died.push(...ids)
    this.#loop.wake()
  }

  async #find(): Promise<number | undefined> {
    await this.#findDied()
    if (this.#died.length > 0) return 0
    const { clock } = this.#settings
    if (clock.mono() - this.#lookedAt < 0.9 * LOOK) return undefined
    this.#lookedAt = clock.mono()
    let more = true
    for (let pages = 0; more && pages < PAGES_PER_LOOK; pages++) more = await this.#findOthers()
    return undefined
  }

  /** Notices of deaths that this process settled. */
  async #findDied(): Promise<void> {
    const ids = this.#died.splice(0, PAGE)
    if (ids.length === 0) return
    const keys = ids.map((key) => ({ kind: DEATH_DOCUMENT, key }))
    const found = await this.#settings.engine.documents.get(keys)
    await this.#read(found.filter((one) => one !== null))
  }

  /** A page of all notices, in turn; false: it was the last one. */
  async #findOthers(): Promise<boolean> {
    const page = await this.#settings.engine.documents.list(DEATH_DOCUMENT, this.#after, PAGE)
    this.#after = page.length < PAGE ? null : (page.at(-1)?.key ?? null)
    if (page.length > 0) await this.#read(page)
    return this.#after !== null
  }

  async #read(page: readonly DocumentRecord[]): Promise<void> {
    const { engine, types } = this.#settings
    const now = await engine.now()
    const past: DocumentRecord[] = []
    const mine: [DocumentRecord, DeathNotice][] = []
    for (const one of page) {
      const notice = readDeathNotice(one.body)
      if (notice === null) past.push(one)
      else if (this.#mourning.knows(notice.type)) {
        if (notice.until <= now && !this.#known.has(one.key)) mine.push([one, notice])
      } else if (types.has(notice.type) || now - one.updatedAt > KEPT) past.push(one)
    }
    const tasks = await engine.records.get(mine.map(([{ key }]) => key))
    for (const [i, [one, notice]] of mine.entries()) {
      const task = tasks[i] ?? null
      if (task?.state === 'dead' && task.attempt === notice.attempt)
        this.#add({ id: task.id, notice: { ...notice, version: one.version } })
      else if (isPast(task, notice) || now - one.updatedAt > HOPELESS) past.push(one)
    }
    if (past.length > 0) await engine.documents.remove(past)
  }

  #add(death: Death): void {
    if (this.#known.has(death.id)) return
    this.#known.add(death.id)
    this.#waiting.push(death)
    this.#next()
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const death = this.#waiting.shift()
      if (death === undefined) break
      this.#running++
      void this.#tell(death).finally(() => {
        this.#running--
        this.#known.delete(death.id)
        this.#next()
        if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
      })
    }
  }

  /** Never rejects. */
  async #tell({ id, notice }: Death): Promise<void> {
    const { engine, log } = this.#settings
    const key = { kind: DEATH_DOCUMENT, key: id }
    try {
      let version: number | null = null
      if (notice !== null) {
        const body = writeDeathNotice({ ...notice, until: (await engine.now()) + TAKEN })
        const [taken] = await engine.documents.put([{ ...key, version: notice.version, body }])
        // Another worker was quicker.
        if (taken?.status !== 'put') return
        version = taken.version
      }
      const [task] = await engine.records.get([id])
      if (task?.state === 'dead') await this.#mourning.tell(task)
      if (version !== null) await engine.documents.remove([{ ...key, version }])
    } catch (error) {
      log.warn('a death could not be told yet', { task: id, error })
    }
  }
}

/** The task runs on, or ended otherwise: nothing is to be told. */
function isPast(task: TaskRecord | null, { attempt }: DeathNotice): boolean {
  if (task === null || task.attempt > attempt) return true
  return task.state === 'succeeded' || task.state === 'cancelled'
}
