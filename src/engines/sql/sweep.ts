// The verb sweep: one bounded pass of upkeep, by one process at a time (CONTRACT rules 6 and 10). It declares death, finds
// what nobody runs and what is overdue and hands that to the caller, who decides and settles; it expires, promotes and
// purges by itself, each in a transaction of its own, so that no step holds locks while another works.

import { NOT_ITS_TURN } from '../../core/no-turn.ts'
import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import type { DeathCause, TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { recordsOf, type RecordStore } from './records.ts'
import type { SqlSession } from './session.ts'
import { ROW_WIDTH, rowOf, type Row } from './task-row.ts'

/** Where a running row stands in the index of running tasks. */
export interface RunningKey {
  readonly session: number
  readonly claim: string
  readonly id: string
}

/** What the caller's request says about the rows that are looked for. */
export interface StrandedPage {
  readonly after: RunningKey
  /** How long an overdue task is left alone, in ms. */
  readonly grace: number
  readonly limit: number
}

/** The steps of a sweep as an engine takes them. */
export interface SweepSteps<S, L extends SqlSession> {
  /** False: the last sweep was less than `every` ms ago. */
  takeTurn(store: S, every: number): Promise<boolean>
  /** Gives every living session its lease anew: the store was away. */
  extend(store: S): Promise<void>
  /** Declares those sessions dead whose lease is over; answers their ids. */
  declareExpired(store: S): Promise<string[]>
  /**
   * Running rows whose session is not alive, or which are overdue: ROW_COLUMNS, payload, live, cause, culprits. In the
   * order of the index of running tasks, so that settling some of a page moves no other.
   */
  stranded(look: L, page: StrandedPage): Promise<readonly Row[]>
  /** Cancels waiting tasks whose time is over; answers how many. */
  expire(store: S, limit: number): Promise<number>
  promote(
    store: S,
    most: { readonly queues: null; readonly perQueue: number; readonly limit: number },
  ): Promise<number>
  /** Drops what is past its time; answers how many tasks were purged. */
  purge(store: S, request: SweepRequest): Promise<number>
}

/** One pass, or one more page of it. */
export async function sweep<S extends RecordStore<L>, L extends SqlSession>(
  steps: SweepSteps<S, L>,
  store: S,
  request: SweepRequest,
): Promise<SweepReply> {
  const { limit } = request
  const first = request.cursor === null
  if (first && !(await steps.takeTurn(store, request.every))) return NOT_ITS_TURN
  if (request.extend) await steps.extend(store)
  const mayDeclare = request.declare && !request.extend && request.session !== null
  const declaredDead = mayDeclare ? await steps.declareExpired(store) : []
  const stranded = await findStranded(steps, store, request)
  if (!first) return { ...NOT_ITS_TURN, turn: true, declaredDead, ...stranded }
  return {
    turn: true,
    declaredDead,
    ...stranded,
    expired: await steps.expire(store, limit),
    promoted: await steps.promote(store, { queues: null, perQueue: limit, limit }),
    purged: await steps.purge(store, request),
  }
}

function findStranded<S extends RecordStore<L>, L extends SqlSession>(
  steps: SweepSteps<S, L>,
  store: S,
  { cursor, limit, grace }: SweepRequest,
): Promise<Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'>> {
  const after = keyOf(cursor)
  return store.read(async (look) => {
    const rows = await steps.stranded(look, { after, grace, limit: limit + 1 })
    const page = rows.slice(0, limit)
    const tasks = await recordsOf(store, look, page)
    const orphans: Orphan[] = []
    const overdue: TaskRecord[] = []
    for (const [i, task] of tasks.entries()) {
      const [live, cause, culprits] = (page[i] ?? []).slice(ROW_WIDTH + 1)
      if (live === 1) overdue.push(task)
      else orphans.push({ task, ...deathOf(cause as string | null, culprits as string | null) })
    }
    const last = page.at(-1)
    const row = last === undefined || rows.length <= page.length ? null : rowOf(last)
    const next = row === null ? null : cursorOf([row.session ?? 0, row.claim ?? '', row.id])
    return { orphans, overdue, cursor: next }
  })
}

function keyOf(cursor: string | null): RunningKey {
  if (cursor === null) return { session: -1, claim: '', id: '' }
  const [session, claim, id] = partsOf(cursor, ['number', 'string', 'string'])
  return { session: Number(session), claim: String(claim), id: String(id) }
}

function deathOf(cause: string | null, culprits: string | null): Pick<Orphan, 'cause' | 'culprits'> {
  return {
    cause: (cause as DeathCause | null) ?? 'missing',
    culprits: culprits === null ? null : (JSON.parse(culprits) as string[]),
  }
}
