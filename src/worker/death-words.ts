// What is known of dead workers besides that they are dead: which process on which host, and whether it is gone, was
// paused, or went with its host. For the error of the attempts that they ran. Told where it can be found out; a store
// that does not answer costs words, not the rescue.

import type { Engine } from '../core/engine.ts'
import type { Orphan } from '../core/hot-verbs.ts'
import type { ProcessIdentity, SessionRecord } from '../core/record.ts'
import { isGone } from './identity.ts'

/** Details by session id. Never rejects. */
export async function deathDetails(
  orphans: readonly Orphan[],
  engine: Engine,
  self: ProcessIdentity | undefined,
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Set(
    orphans.filter(({ cause }) => cause === 'expired' || cause === 'killed').map(({ task }) => task.session),
  )
  if (wanted.size === 0 || self === undefined) return new Map()
  try {
    const dead = await engine.records.sessions({ state: 'dead', host: null })
    return new Map(dead.filter(({ id }) => wanted.has(id)).map((one) => [one.id, wordsFor(one, self)]))
  } catch {
    return new Map()
  }
}

function wordsFor(session: SessionRecord, self: ProcessIdentity): string {
  const who = `worker ${session.name}, process ${session.pid} on ${session.host}`
  if (session.cause !== 'expired') return who
  if (isGone(session, self)) return `${who}, is gone`
  if (session.host === self.host && session.bootId === self.bootId)
    return `${who}, lives on but was paused or cut off from the store`
  return `${who}: its host is gone, paused or cut off from the store`
}
