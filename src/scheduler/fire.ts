// Sends firings to the store in bounded calls. Promises that one firing which the store refuses stops no other: it is
// found by halves and put off. Failures after which another look may do better are thrown; nothing is lost by that, as
// a tick that was not fired is still due.

import type { Firing } from '../core/cold-verbs.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import { putOff } from './plan.ts'

/** Firings of one call: one unit of work, which others may wait for. Calls at the same time hide the way to a server. */
const CHUNK = 100
const AT_ONCE = 4

/** What became of them. */
export interface Fired {
  readonly fired: readonly Firing[]
  /** Refused by the store, each with why. */
  readonly refused: readonly { readonly name: string; readonly error: unknown }[]
}

/**
 * Fires them, about in order; those that others fired meanwhile are left out of the answer.
 * @param now engine time at which they were planned
 * @throws what the store says where it is not about one firing
 */
export async function fireAll(engine: Engine, firings: readonly Firing[], now: number): Promise<Fired> {
  const fired: Firing[] = []
  const refused: { name: string; error: unknown }[] = []
  const send = async (part: readonly Firing[]): Promise<void> => {
    try {
      const replies = await engine.schedules.fire(part)
      fired.push(...part.filter((_, i) => replies[i]?.status === 'fired'))
    } catch (error) {
      if (!isRefusal(error)) throw error
      const [first] = part
      if (first === undefined) return
      if (part.length > 1) {
        await send(part.slice(0, part.length / 2))
        await send(part.slice(part.length / 2))
        return
      }
      refused.push({ name: first.name, error })
      // Where even that is refused it stays due, and is told again with each look.
      await engine.schedules.fire([putOff(first, now, error)]).catch((again: unknown) => {
        if (!isRefusal(again)) throw again
      })
    }
  }
  const chunks = chunksOf(firings)
  for (let from = 0; from < chunks.length; from += AT_ONCE)
    await Promise.all(chunks.slice(from, from + AT_ONCE).map(send))
  return { fired, refused }
}

/** It will fail again, because of what is in the call. Whether it was done does not matter: a tick fires once. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof WindlassError)) return true
  return error.applied !== 'unknown' && !error.retry && error.code !== 'engine_closed'
}

function chunksOf(firings: readonly Firing[]): Firing[][] {
  const chunks: Firing[][] = []
  let [tasks, bytes] = [0, 0]
  for (const firing of firings) {
    const weight = firing.tasks.reduce((sum, task) => sum + task.payload.length, 0)
    const last = chunks.at(-1)
    tasks += firing.tasks.length
    bytes += weight
    if (last === undefined || last.length >= CHUNK || tasks > LIMITS.batch || bytes > LIMITS.batchBytes) {
      chunks.push([firing])
      tasks = firing.tasks.length
      bytes = weight
    } else {
      last.push(firing)
    }
  }
  return chunks
}
