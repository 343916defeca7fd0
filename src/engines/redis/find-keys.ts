// Which tasks a filter selects, as keys in the order of creation, newest first, behind a given one.
// Each index holds one kind of state, queue and type in that order; the wanted ones are merged, a few keys of each at
// a time. Scheduled, dead and cancelled tasks have indexes of their own; ready, running and succeeded ones share one.

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { TASK_STATES, type TaskState } from '../../core/record.ts'
import type { Store } from './store.ts'
import { FIELD, optional, unword, word } from './words.ts'

/** Where a task stands in the order of creation. */
export interface CreationKey {
  readonly at: number
  readonly id: string
}

const LISTS: Readonly<Record<TaskState, string>> = {
  scheduled: 's',
  ready: 'h',
  running: 'h',
  succeeded: 'h',
  dead: 'd',
  cancelled: 'c',
}

/** Keys of the selected tasks, a few at a time. More may come than the filter wants: states are to be looked at. */
export class KeyReader {
  readonly #store: Store
  readonly #filter: TaskFilter
  readonly #from: CreationKey
  readonly #chunk: number
  #sources: Source[] | null = null

  constructor(store: Store, filter: TaskFilter, from: CreationKey | null, chunk: number) {
    const { createdTo } = filter
    const top = { at: createdTo ?? Number.MAX_SAFE_INTEGER, id: '' }
    this.#store = store
    this.#filter = filter
    this.#from = from !== null && isBelow(from, top) ? from : top
    this.#chunk = chunk
  }

  /** The next keys, at most `count`; fewer: there are no more. */
  async read(count: number): Promise<CreationKey[]> {
    this.#sources ??= await this.#open()
    const keys: CreationKey[] = []
    while (keys.length < count) {
      const empty = this.#sources.filter((source) => source.isEmpty)
      await Promise.all(empty.map((source) => source.fill()))
      let best: Source | null = null
      for (const source of this.#sources) {
        const key = source.first
        if (key !== null && (best?.first == null || isBelow(best.first, key))) best = source
      }
      if (best?.first == null) break
      keys.push(best.first)
      best.step()
    }
    return keys
  }

  async #open(): Promise<Source[]> {
    const names = await this.#indexes()
    const chunk = Math.max(8, Math.ceil((2 * this.#chunk) / Math.max(1, names.length)))
    const lowest = this.#filter.createdFrom ?? 0
    return names.map((name) => new Source(this.#store, { name, from: this.#from, lowest, chunk }))
  }

  async #indexes(): Promise<string[]> {
    const { group, parentId, queue, type, states = TASK_STATES } = this.#filter
    if (group !== undefined) return [`g:${optional(group)}`]
    if (parentId !== undefined) return [`h:${optional(parentId)}`]
    const wanted = new Set(states.map((state) => LISTS[state]))
    const runs = await this.#store.texts('SMEMBERS', 'runs')
    return runs
      .filter((run) => {
        const [list = '', ofQueue, ofType] = run.split(FIELD)
        if (!wanted.has(list)) return false
        return (
          (queue === undefined || ofQueue === word(queue)) && (type === undefined || ofType === word(type))
        )
      })
      .map((run) => `i:${run}`)
  }
}

interface Index {
  readonly name: string
  readonly from: CreationKey
  readonly lowest: number
  readonly chunk: number
}

/** One index, read from behind a key towards older tasks. */
class Source {
  readonly #store: Store
  readonly #of: Index
  #keys: CreationKey[] = []
  #at = 0
  #last: CreationKey
  /** How many of those created in the same millisecond as the last key come before or at it in the index. */
  #passed = 0
  #drained = false

  constructor(store: Store, of: Index) {
    this.#store = store
    this.#of = of
    this.#last = of.from
  }

  get isEmpty(): boolean {
    return !this.#drained && this.#at >= this.#keys.length
  }

  get first(): CreationKey | null {
    return this.#keys[this.#at] ?? null
  }

  step(): void {
    this.#at++
  }

  /** Reads on until there is a key or the end. */
  async fill(): Promise<void> {
    const { name, lowest, chunk } = this.#of
    while (this.isEmpty) {
      const flat = await this.#store.texts(
        'ZREVRANGEBYSCORE',
        name,
        String(this.#last.at),
        String(lowest),
        'WITHSCORES',
        'LIMIT',
        String(this.#passed),
        String(chunk),
      )
      const found: CreationKey[] = []
      for (let i = 0; i + 1 < flat.length; i += 2) {
        const key = { at: Number(flat[i + 1]), id: unword(flat[i] ?? '') }
        if (isBelow(key, this.#of.from)) found.push(key)
      }
      this.#advance(flat)
      this.#keys = found
      this.#at = 0
      this.#drained = flat.length < 2 * chunk
    }
  }

  #advance(flat: readonly string[]): void {
    const at = Number(flat.at(-1))
    if (flat.length === 0) return
    let same = 0
    for (let i = flat.length - 1; i > 0 && Number(flat[i]) === at; i -= 2) same++
    this.#passed = at === this.#last.at ? this.#passed + same : same
    this.#last = { at, id: '' }
  }
}

function isBelow(left: CreationKey, right: CreationKey): boolean {
  if (left.at !== right.at) return left.at < right.at
  return Buffer.compare(Buffer.from(left.id), Buffer.from(right.id)) < 0
}
