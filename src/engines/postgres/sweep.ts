// The verb sweep: one bounded pass of upkeep (CONTRACT rules 6 and 10).
// It finds what nobody runs and hands it to the caller, who decides and settles; it expires, promotes and purges by
// itself, each in a transaction of its own, so that no step holds locks while another works.

import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import type { DeathCause, TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { ROW_COLUMNS, ROW_WIDTH, rowOf } from '../sql/task-row.ts'
import { expireTasks } from './expire.ts'
import { promote } from './promote.ts'
import { dropOld } from './purge.ts'
import { recordsOf } from './records.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'

// A last turn that lies ahead was before the clock was set back.
const TURN = `INSERT INTO @turns (name, at) SELECT 'sweep', ${nowOf('$1')}
  ON CONFLICT (name) DO UPDATE SET at = excluded.at
  WHERE excluded.at - turns.at >= $2::bigint OR turns.at > excluded.at`
const EXTEND = `UPDATE @sessions SET expires_at = (SELECT ${nowOf('$1')}) + lease WHERE live = 1`
const EXPIRED = `UPDATE @sessions SET live = 0, cause = 'expired', ended_at = (SELECT ${nowOf('$1')})
  WHERE live = 1 AND expires_at <= (SELECT ${nowOf('$1')}) RETURNING id`
// In the order of the index of running tasks, so that settling some of a page moves no other.
const STRANDED = `SELECT ${ROW_COLUMNS}, t.payload, x.live, x.cause, x.culprits FROM @tasks t
  LEFT JOIN @sessions x ON x.n = t.session
  WHERE t.state = 2 AND t.session >= $1 AND (t.session, t.claim, t.id) > ($1, $2, $3)
  AND (x.live IS DISTINCT FROM 1 OR t.deadline_at <= (SELECT ${nowOf('$4')}) - $5::bigint)
  ORDER BY t.session, t.claim, t.id LIMIT $6`
const OVER = `SELECT id FROM @tasks WHERE state < 2 AND expires_at IS NOT NULL AND expires_at <= (SELECT ${nowOf('$1')})
  ORDER BY expires_at LIMIT $2`

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
  if (first && (await store.once(TURN, [store.now, request.every])).count === 0) return NOT_ITS_TURN
  if (request.extend) await store.once(EXTEND, [store.now])
  const mayDeclare = request.declare && !request.extend && request.session !== null
  const declaredDead = mayDeclare ? await declareExpired(store) : []
  const stranded = await findStranded(store, request)
  if (!first) return { ...NOT_ITS_TURN, turn: true, declaredDead, ...stranded }
  const over = await store.once(OVER, [store.now, limit])
  return {
    turn: true,
    declaredDead,
    ...stranded,
    expired: await expireTasks(
      store,
      over.rows.map(([id]) => id as string),
    ),
    promoted: await promote(store, { queues: null, perQueue: limit, limit }),
    purged: await dropOld(store, request),
  }
}

async function declareExpired(store: Store): Promise<string[]> {
  const { rows } = await store.once(EXPIRED, [store.now])
  if (rows.length > 0) store.options.committed([{ kind: 'any', queues: null }])
  return rows.map(([id]) => id as string)
}

async function findStranded(
  store: Store,
  { cursor, limit, grace }: SweepRequest,
): Promise<Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'>> {
  const after = cursor === null ? [-1, '', ''] : partsOf(cursor, ['number', 'string', 'string'])
  const [session = -1, claim = '', id = ''] = after
  return store.read(async (look) => {
    const { rows } = await look.query(STRANDED, [session, claim, id, store.now, grace, limit + 1])
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
