// Which tasks a filter selects, as keys in the order of creation, newest first, behind a given one.
// For each queue and type there is an index of all tasks, with one entry for all that one unit made, and others of the
// scheduled, dead and cancelled ones, one entry each. The wanted indexes are merged, a few entries of each at a time.

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { TASK_STATES, type TaskState } from '../../core/record.ts'
import type { Store } from './store.ts'
import { FIELD, ITEM, optional, unword, word } from './words.ts'

/** Where a task stands in the order of creation. */
export interface CreationKey {
  readonly at: number
  readonly id: string
}

/** States that have indexes of their own; `h` is the index of all. */
const LISTS: Readonly<Partial<Record<TaskState, string>>> = { scheduled: 's', dead: 'd', cancelled: 'c' }
const ALL = 'h'
/** Entries that are read at a time: an entry of the index of all may name many tasks. */
const CHUNK = { all: 10, own: 200 }

/** Keys of the selected tasks, a few at a time. More may come than the filter wants: states are to be looked at. */
export class KeyReader {
  readonly #store: Store
  readonly #filter: TaskFilter
  readonly #from: CreationKey
  #sources: Source[] | null = null

  constructor(store: Store, filter: TaskFilter, from: CreationKey | null) {
    const { createdTo } = filter
    const top = { at: createdTo ?? Number.MAX_SAFE_INTEGER, id: '' }
    this.#store = store
    this.#filter = filter
    this.#from = from !== null && isBelow(from, top) ? from : top
  }

  /** The next keys, at most `count`; fewer: there are no more. */
  async read(count: number): Promise<CreationKey[]> {
    this.#sources ??= await this.#open()
    const keys: CreationKey[] = []
    while (keys.length < count) {
      const empty = this.#sources.filter((source) => source.isEmpty)
      if (empty.length > 0) await Promise.all(empty.map((source) => source.fill()))
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
    const lowest = this.#filter.createdFrom ?? 0
    const from = this.#from
    return (await this.#indexes()).map((name) => new Source(this.#store, { name, from, lowest }))
  }

  async #indexes(): Promise<string[]> {
    const { group, parentId, queue, type, states = TASK_STATES } = this.#filter
    if (group !== undefined) return [`g:${optional(group)}`]
    if (parentId !== undefined) return [`h:${optional(parentId)}`]
    const own = states.map((state) => LISTS[state])
    const wanted = new Set(own.includes(undefined) ? [ALL] : own)
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
}

/** One index, read from behind a key towards older tasks. */
class Source {
  readonly #store: Store
  readonly #of: Index
  readonly #chunk: number
  /** Read and not yet taken, in order; of one millisecond either all are here or none. */
  #keys: CreationKey[] = []
  #at = 0
  #below: string
  #drained = false

  constructor(store: Store, of: Index) {
    this.#store = store
    this.#of = of
    this.#chunk = of.name.startsWith(`i:${ALL}`) ? CHUNK.all : CHUNK.own
    this.#below = String(of.from.at)
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
    while (this.isEmpty) {
      const entries = await this.#entries(this.#below, ['LIMIT', '0', String(this.#chunk)])
      const last = entries.at(-1)
      if (last === undefined) {
        this.#drained = true
        return
      }
      // The last millisecond may go on behind the chunk: it is read whole.
      const rest = await this.#entries(String(last.at), [], String(last.at))
      const found = [...entries.filter(({ at }) => at !== last.at), ...rest]
      this.#keys = found.flatMap(keysOf).filter((key) => isBelow(key, this.#of.from))
      this.#keys.sort((a, b) => (isBelow(a, b) ? 1 : -1))
      this.#at = 0
      this.#below = `(${last.at}`
    }
  }

  async #entries(
    below: string,
    limit: readonly string[],
    lowest = String(this.#of.lowest),
  ): Promise<Entry[]> {
    const { name } = this.#of
    const flat = await this.#store.texts('ZREVRANGEBYSCORE', name, below, lowest, 'WITHSCORES', ...limit)
    return Array.from({ length: flat.length / 2 }, (_, i) => ({
      at: Number(flat[2 * i + 1]),
      text: flat[2 * i] ?? '',
      isShared: this.#chunk === CHUNK.all,
    }))
  }
}

interface Entry {
  readonly at: number
  readonly text: string
  /** It names all tasks of a unit, behind its number. */
  readonly isShared: boolean
}

function keysOf({ at, text, isShared }: Entry): CreationKey[] {
  if (!isShared) return [{ at, id: unword(text) }]
  return text
    .split(ITEM)
    .slice(1)
    .map((id) => ({ at, id: unword(id) }))
}

function isBelow(left: CreationKey, right: CreationKey): boolean {
  if (left.at !== right.at) return left.at < right.at
  return Buffer.compare(Buffer.from(left.id), Buffer.from(right.id)) < 0
}
