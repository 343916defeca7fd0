// The verb sweep as a few short scripts, so that no step holds the server for long: the turn with deaths, expiry and
// promotion; the stranded tasks, page by page; the purge, a few tasks at a time.

import { NOT_ITS_TURN } from '../../core/no-turn.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import { countOverBytes, MEASURED_ALL, MEASURED_EACH } from '../../core/kept-bytes.ts'
import { LIMITS } from '../../core/limits.ts'
import type { DeathCause, TaskRecord } from '../../core/record.ts'
import { culpritsOf } from './sessions.ts'
import type { Store } from './store.ts'
import { unword, word } from './words.ts'

/** Tasks that one script purges. */
const PURGE = 250

export async function sweep(store: Store, request: SweepRequest): Promise<SweepReply> {
  const { cursor, every, extend, declare, session, limit } = request
  const from = cursor === null ? ['', ''] : partsOf(cursor, ['string', 'string']).map(String)
  const mayDeclare = declare && !extend && session !== null
  const [dead, expired, promoted] = await store.run('sweep', [
    cursor === null ? String(every) : '',
    extend ? '1' : '0',
    mayDeclare ? '1' : '0',
    String(limit),
  ])
  if (dead === null || dead === undefined) return NOT_ITS_TURN
  return {
    turn: true,
    declaredDead: (dead as readonly string[]).map(unword),
    ...(await findStranded(store, request, from)),
    expired: Number(expired),
    promoted: Number(promoted),
    purged: await dropOld(store, request),
  }
}

type Stranded = Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'>

/** A page of orphans and overdue tasks; settling some moves no other. */
async function findStranded(
  store: Store,
  { grace, limit }: SweepRequest,
  from: readonly string[],
): Promise<Stranded> {
  const orphans: Orphan[] = []
  const overdue: TaskRecord[] = []
  const most = Math.min(limit, LIMITS.page)
  for (let [session = '', id = ''] = from; ;) {
    const wanted = most - orphans.length - overdue.length
    const args = [word(session), word(id), String(grace), String(wanted)]
    const [nextSession, nextId, ...groups] = await store.run('stranded', args)
    for (let i = 0; i + 4 < groups.length; i += 5) {
      const tasks = store.reader.readAll(groups[i + 4] ?? []).filter((task) => task !== null)
      if (groups[i + 1] === 1) overdue.push(...tasks)
      else orphans.push(...tasks.map((task) => orphanOf(task, String(groups[i + 2]), String(groups[i + 3]))))
    }
    if (nextSession === null || nextSession === undefined) return { orphans, overdue, cursor: null }
    session = unword(String(nextSession))
    id = unword(String(nextId))
    // More wait, or the store wants to be asked again before it can tell.
    const full = orphans.length + overdue.length >= most
    if (full && (id !== '' || wanted === 0)) return { orphans, overdue, cursor: cursorOf([session, id]) }
  }
}

function orphanOf(task: TaskRecord, cause: string, culprits: string): Orphan {
  return { task, cause: cause === '' ? 'missing' : (cause as DeathCause), culprits: culpritsOf(culprits) }
}

/** Drops what is past its time; answers how many tasks were purged. */
async function dropOld(store: Store, { limit, keepCount, keepBytes }: SweepRequest): Promise<number> {
  const purged = await purge(store, limit, keepCount, true)
  if (keepBytes === null || purged >= limit) return purged
  const [count = 0, split = 0, ...bytes] = await measure(store)
  const over = countOverBytes({ count, oldest: bytes.slice(0, split), newest: bytes.slice(split) }, keepBytes)
  return over === 0 ? purged : purged + (await purge(store, limit - purged, count - over, false))
}

/** How many tasks are finished, how many of the oldest were measured, and the bytes of these and of the newest. */
async function measure(store: Store): Promise<number[]> {
  const answer = await store.run('measure', [String(MEASURED_ALL), String(MEASURED_EACH)])
  return answer.map(Number)
}

/** Drops tasks past their time and over a count; `beside`: also what is old of the rest. */
async function purge(store: Store, limit: number, keepCount: number, beside: boolean): Promise<number> {
  let purged = 0
  for (let looked = 0; looked < limit; looked += PURGE) {
    const most = Math.min(PURGE, limit - purged)
    const rest = beside && looked === 0 ? '1' : '0'
    const args = [String(most), String(keepCount), String(store.changesKept), rest]
    const [count, more] = await store.run('purge', args)
    purged += Number(count)
    if (more !== 1 || purged >= limit) break
  }
  return purged
}
