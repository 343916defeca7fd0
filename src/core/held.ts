// The short form of "what I hold" that a heartbeat carries, and the exact comparison that follows a mismatch.
// The hash does not depend on order; each engine computes it over its rows with the same function.

import { createHash } from 'node:crypto'

import type { Held } from './hot-verbs.ts'

const MODULUS = 2 ** 32

/** Sum over all held tasks of the first 32 bits of SHA-1(`id:claim`), modulo 2³². 0 for none. */
export function heldHash(held: Iterable<Held>): number {
  let sum = 0
  for (const { id, claim } of held) {
    sum = (sum + createHash('sha1').update(`${id}:${claim}`).digest().readUInt32BE(0)) % MODULUS
  }
  return sum
}

/** A running row of the session, as the engine believes. */
export interface RunningRow extends Held {
  readonly startedAt: number
}

/**
 * What each side has that the other has not.
 * @param before engine time in ms: rows claimed after it are not called unclaimed, for their reply may be under way
 */
export function compareHeld(
  held: readonly Held[],
  running: readonly RunningRow[],
  before: number,
): { lost: Held[]; unclaimed: Held[] } {
  const believed = new Set(running.map(pairOf))
  const mine = new Set(held.map(pairOf))
  const lost = held.filter((one) => !believed.has(pairOf(one)))
  const unclaimed = running
    .filter((row) => row.startedAt <= before && !mine.has(pairOf(row)))
    .map(({ id, claim }) => ({ id, claim }))
  return { lost, unclaimed }
}

/** A token ends with a digit and an id may begin with one: only a mark that no token has keeps them apart. */
function pairOf({ id, claim }: Held): string {
  return `${claim}:${id}`
}
