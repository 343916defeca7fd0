// In which order a claim names its queues: smooth weighted round robin, so that a queue of weight 3 comes first three
// times as often as one of weight 1, evenly spread. The others follow, so that no slot stays empty. Pure.

import type { WeightedQueue } from './options.ts'

/** The order of the queues, anew for each claim. */
export class Lanes {
  readonly #lanes: { readonly name: string; readonly weight: number; credit: number }[] | null
  readonly #total: number

  constructor(queues: readonly WeightedQueue[] | null) {
    this.#lanes = queues?.map((queue) => ({ ...queue, credit: 0 })) ?? null
    this.#total = queues?.reduce((sum, { weight }) => sum + weight, 0) ?? 0
  }

  /** Names of all queues, in the order of the options; null: all queues of the store. */
  get names(): readonly string[] | null {
    return this.#lanes?.map(({ name }) => name) ?? null
  }

  /** The order for the next claim. The first one pays for having been first. */
  next(): readonly string[] | null {
    const lanes = this.#lanes
    if (lanes === null || lanes.length === 1) return this.names
    for (const lane of lanes) lane.credit += lane.weight
    const order = lanes.toSorted((a, b) => b.credit - a.credit)
    if (order[0] !== undefined) order[0].credit -= this.#total
    return order.map(({ name }) => name)
  }
}
