// The tasks that this engine claimed and that are not settled, claim by claim: what a settlement needs of them without
// asking. Thousands pass through each second, so they are dropped with the last task of their claim: a table of all tasks
// would keep the dead ones from the collector of young objects. Bounded: the newest ten thousand are remembered.

import { claimIdOf } from '../../core/ids.ts'

/** What a settlement needs of a task that this engine claimed; true as long as the token is. */
export interface ClaimedTask {
  readonly id: string
  readonly token: string
  readonly queue: string
  readonly type: string
  readonly attempt: number
  readonly keep: number
}

/** Claimed tasks of one generation; two are remembered. */
const GENERATION = 10_000

/** Tasks of one claim that are not settled. They mostly end in the order in which they were taken. */
class Claim<K extends ClaimedTask> {
  readonly claimId: string
  readonly size: number
  #left: number
  #tasks: (K | null)[]
  #byId: Map<string, number> | null = null
  #next = 0

  constructor(claimId: string, tasks: readonly K[]) {
    this.claimId = claimId
    this.size = tasks.length
    this.#left = tasks.length
    this.#tasks = [...tasks]
  }

  find(id: string): K | undefined {
    return this.#tasks[this.#at(id)] ?? undefined
  }

  /** True: it was the last one. */
  forget(id: string): boolean {
    const at = this.#at(id)
    if ((this.#tasks[at] ?? null) === null) return false
    this.#tasks[at] = null
    if (--this.#left > 0) return false
    this.#tasks = []
    this.#byId = null
    return true
  }

  #at(id: string): number {
    const next = this.#next < this.#tasks.length ? this.#next : 0
    for (let at = next; at <= next + 1; at++) {
      if (this.#tasks[at]?.id !== id) continue
      this.#next = at
      return at
    }
    if (this.#tasks[0]?.id === id) return (this.#next = 0)
    this.#byId ??= new Map(this.#tasks.flatMap((task, at) => (task === null ? [] : [[task.id, at] as const])))
    return this.#byId.get(id) ?? -1
  }
}

export class ClaimedTasks<K extends ClaimedTask> {
  /** By claim id. The elder generation makes way as a whole: to find the oldest entry of a map takes longer and longer. */
  #claims = new Map<string, Claim<K>>()
  #elder = new Map<string, Claim<K>>()
  #count = 0
  #last: Claim<K> | null = null

  /** Remembers the tasks of one claim; what a claim of this id brought before is forgotten. */
  remember(claimId: string, tasks: readonly K[]): void {
    if (tasks.length === 0) return
    if (this.#count >= GENERATION) {
      this.#elder = this.#claims
      this.#claims = new Map()
      this.#count = 0
    }
    this.#claims.set(claimId, new Claim(claimId, tasks))
    this.#count += tasks.length
    this.#last = null
  }

  find(id: string, token: string): K | undefined {
    const known = this.#of(token)?.find(id)
    return known?.token === token ? known : undefined
  }

  forget(id: string, token: string): void {
    const claim = this.#of(token)
    if (claim?.find(id)?.token !== token || !claim.forget(id)) return
    this.#last = null
    if (this.#claims.delete(claim.claimId)) this.#count -= claim.size
    else this.#elder.delete(claim.claimId)
  }

  /** Settlements of one call are mostly of one claim. */
  #of(token: string): Claim<K> | null {
    const last = this.#last
    if (last !== null && token.lastIndexOf('.') === last.claimId.length && token.startsWith(last.claimId))
      return last
    const claimId = claimIdOf(token)
    this.#last = this.#claims.get(claimId) ?? this.#elder.get(claimId) ?? null
    return this.#last
  }
}
