// An engine and the model side by side: what both know, and how the small numbers of a program become names.
// Promises that a pick depends on the model's state only, so the same program does the same on every engine.
// Leaves what each step does to moves.ts and cold-moves.ts.

import type { Engine } from '../../src/core/engine.ts'
import type { ClaimRequest, Held, NewTask, Settlement } from '../../src/core/hot-verbs.ts'
import { digestOfTask } from '../../src/core/new-task.ts'
import { isFinal } from '../../src/core/record.ts'
import { ColdModel } from '../../src/testing/model/cold-model.ts'
import { Model } from '../../src/testing/model/model.ts'
import type { Item } from './program.ts'

export const QUEUES = ['q0', 'q1', 'Q1 '] as const
const MOST_LIVE = 8
const CRASH = { crashes: 3, losses: 4, delays: [0, 10_000, 60_000] }
/** Odd numbers: a retention never ends in the very millisecond of a sweep, which the contract leaves open. */
const KEEPS = [
  { succeeded: 3_600_007, dead: 7_200_013 },
  { succeeded: 86_400_019, dead: 604_800_029 },
] as const

export class Duo {
  readonly model = new Model()
  readonly cold = new ColdModel(this.model)
  readonly engine: Engine
  /** Every task as it was first sent. */
  readonly specs = new Map<string, NewTask>()
  /** Every token ever given, valid or not. */
  readonly tokens: Held[] = []
  readonly settlements: Settlement[] = []
  readonly claims: ClaimRequest[] = []
  /** How often something worth seeing was seen. */
  readonly seen: Map<string, number>
  #serial = 0

  constructor(engine: Engine, seen: Map<string, number>) {
    this.engine = engine
    this.seen = seen
  }

  saw(what: string, times = 1): void {
    if (times > 0) this.seen.set(what, (this.seen.get(what) ?? 0) + times)
  }

  /** Session and claim ids look like the real ones. */
  token(): string {
    return (++this.#serial).toString(16).padStart(32, '0')
  }

  /** The n-th of a list that is walked round and round; undefined for an empty one. */
  nth<T>(list: readonly T[], n: number): T | undefined {
    return list[n % Math.max(1, list.length)]
  }

  queue(n: number): string {
    return QUEUES[n % QUEUES.length] ?? 'q0'
  }

  /** Mostly a living session, then and when a dead one or nobody. */
  session(n: number): string {
    const all = [...this.model.sessions.keys()]
    const live = all.filter((id) => this.model.isLive(id))
    const list = n < 12 && live.length > 0 ? live : [...all, 'nobody']
    return this.nth(list, n) ?? 'nobody'
  }

  /** The id of a task that is known, or one that never was. */
  task(n: number): string {
    return n === 15 ? 'unknown' : (this.nth([...this.model.rows.keys()], n) ?? 'unknown')
  }

  running(): Held[] {
    return this.model.tasks('running').map(({ task }) => ({ id: task.id, claim: task.claim ?? '' }))
  }

  held(from: 'live' | 'trash', n: number): Held {
    const list = from === 'live' ? this.running() : this.tokens
    return this.nth(list, n) ?? { id: 'unknown', claim: `${'0'.repeat(32)}.1` }
  }

  items(items: readonly Item[]): NewTask[] {
    return items.map((item) => this.#item(item))
  }

  #item(item: Item): NewTask {
    const known = [...this.specs.keys()]
    const live = this.model.tasks().filter(({ task }) => !isFinal(task.state)).length
    const id = this.nth(known, item.pick)
    const stored = this.specs.get(id ?? '')
    if (stored !== undefined && !(item.fresh && live < MOST_LIVE)) {
      if (item.same) return { ...stored, minted: false }
      return this.#spec(stored.id, { ...item, queue: item.queue + 1 }, false)
    }
    const made = this.#spec(`t${known.length + 1}`, item, item.fresh)
    this.specs.set(made.id, made)
    return made
  }

  #spec(id: string, item: Item, minted: boolean): NewTask {
    const { model } = this
    const { due, expires, unique, hold, priority, timeout, retries } = item
    // Text that nobody reads: spaces, a number that no double holds, a key that stands twice.
    const payload = `{ "é": "\u2028\\"", "n": 12345678901234567890, "n": ${item.pick}}`
    const fields = {
      type: item.pick % 2 === 0 ? 'mail.send' : 'Mail.send',
      queue: this.queue(item.queue),
      priority,
      due: due < 0 ? { at: model.now + due } : { after: due },
      expires: expires === 0 ? null : expires < 0 ? { at: model.now + expires } : { after: expires },
      unique: unique === 0 ? null : { key: `key ${unique}`, for: hold },
    }
    const lineage = { group: item.same ? 'g' : null, parentId: null, rootId: id, traceContext: null }
    return {
      id,
      ...fields,
      ...lineage,
      origin: 'client',
      payload,
      payloadVersion: 1,
      codec: null,
      retry: { kind: 'fixed', retries, delay: 5_000 },
      crash: CRASH,
      timeout,
      keep: KEEPS[item.keep % 2] ?? KEEPS[0],
      tags: item.pick % 3 === 0 ? ['Red', 'blue'] : [],
      meta: item.same ? '{"a":1}' : null,
      digest: digestOfTask(fields, payload),
      minted,
    }
  }
}
