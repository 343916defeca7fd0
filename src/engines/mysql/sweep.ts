// The verb sweep: one process at a time looks for what nobody looks after. It declares death, finds orphans and overdue
// tasks and hands them to the caller, who decides and settles; it expires, promotes and purges by itself, each in a
// transaction of its own, so that no step holds locks while another works.

import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import type { DeathCause, TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { ROW_COLUMNS, ROW_WIDTH, rowOf } from '../sql/task-row.ts'
import { expireTasks } from './expire.ts'
import { promote } from './promote.ts'
import { dropOld } from './purge.ts'
import { recordsOf } from './records.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const STRANDED = words(`SELECT ${ROW_COLUMNS}, t.payload, x.live, x.cause, x.culprits
  FROM @tasks t FORCE INDEX (running) LEFT JOIN @sessions x ON x.n = t.session WHERE t.state = 2`)

const NOT_ITS_TURN: SweepReply = {
  turn: false,
  orphans: [],
  overdue: [],
  declaredDead: [],
  expired: 0,
  promoted: 0,
  purged: 0,
  cursor: null,
}

/** One pass, or one more page of it. */
export async function sweep(store: Store, request: SweepRequest): Promise<SweepReply> {
  const { limit } = request
  const first = request.cursor === null
  if (first && !(await takeTurn(store, request.every))) return NOT_ITS_TURN
  if (request.extend)
    await store.once(sql`UPDATE @sessions SET expires_at = ${store.clock} + lease WHERE live = 1`)
  const mayDeclare = request.declare && !request.extend && request.session !== null
  const declaredDead = mayDeclare ? await declareExpired(store) : []
  const stranded = await findStranded(store, request)
  if (!first) return { ...NOT_ITS_TURN, turn: true, declaredDead, ...stranded }
  return {
    turn: true,
    declaredDead,
    ...stranded,
    expired: await expireOver(store, limit),
    promoted: await promote(store, { queues: null, perQueue: limit, limit }),
    purged: await dropOld(store, request),
  }
}

/** A last turn that lies ahead was before the clock was set back. */
async function takeTurn(store: Store, every: number): Promise<boolean> {
  const now = store.clock
  const [answer] = await store.once(sql`UPDATE @turns SET at = ${now}
    WHERE name = 'sweep' AND (at IS NULL OR ${now} - at >= ${every} OR at > ${now})`)
  return answer?.count === 1
}

function declareExpired(store: Store): Promise<string[]> {
  return store.write(async (unit) => {
    const { rows } = await unit.query(
      sql`SELECT n, id FROM @sessions WHERE live = 1 AND expires_at <= ${unit.now} ORDER BY n FOR UPDATE`,
    )
    if (rows.length === 0) return []
    unit.later(sql`UPDATE @sessions FORCE INDEX (PRIMARY) SET live = 0, cause = 'expired', ended_at = ${unit.now}
      WHERE n IN (${rows.map(([n]) => n as number)})`)
    unit.hints.noteAny()
    return rows.map(([, id]) => id as string)
  })
}

async function findStranded(
  store: Store,
  { cursor, limit, grace }: SweepRequest,
): Promise<Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'>> {
  const after = cursor === null ? [-1, '', ''] : partsOf(cursor, ['number', 'string', 'string'])
  const [session = -1, claim = '', id = ''] = after
  return store.read(async (look) => {
    // In the order of the index of running tasks, so that settling some of a page moves no other.
    const { rows } = await look.query(sql`${STRANDED} AND t.session >= ${session}
      AND (t.session > ${session} OR t.claim > ${claim} OR (t.claim = ${claim} AND t.id > ${id}))
      AND (NOT (x.live <=> 1) OR t.deadline_at <= ${look.now - grace})
      ORDER BY t.session, t.claim, t.id LIMIT ${limit + 1}`)
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

function deathOf(cause: string | null, culprits: string | null): Pick<Orphan, 'cause' | 'culprits'> {
  return {
    cause: (cause as DeathCause | null) ?? 'missing',
    culprits: culprits === null ? null : (JSON.parse(culprits) as string[]),
  }
}

/** Cancels waiting tasks whose time is over, and forgets the times of those that are gone. Running ones stay listed. */
async function expireOver(store: Store, limit: number): Promise<number> {
  const now = store.clock
  const [over, gone] = await store.once(
    sql`SELECT e.id FROM @expiring e STRAIGHT_JOIN @tasks t ON t.id = e.id
      WHERE e.at <= ${now} AND t.state < 2 AND t.expires_at <= ${now} ORDER BY e.at LIMIT ${limit}`,
    sql`SELECT e.at, e.id FROM @expiring e LEFT JOIN @tasks t ON t.id = e.id
      WHERE e.at <= ${now} AND t.expires_at IS NULL ORDER BY e.at LIMIT ${limit}`,
  )
  for (const [at, id] of gone?.rows ?? [])
    await store.once(sql`DELETE FROM @expiring WHERE at = ${at as number} AND id = ${id as string}`)
  return expireTasks(
    store,
    (over?.rows ?? []).map(([id]) => id as string),
  )
}
