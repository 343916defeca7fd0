// The steps of a sweep in the words of this server. Which follow on which, and what is made of the rows, is portable.

import type { SweepSteps } from '../sql/sweep.ts'
import { ROW_COLUMNS } from '../sql/task-row.ts'
import { expireTasks } from '../sql/units.ts'
import { promote } from './promote.ts'
import { purge } from './purge.ts'
import { nowOf, type PgSession } from './session.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

// A last turn that lies ahead was before the clock was set back.
const TURN = `INSERT INTO @turns (name, at) SELECT 'sweep', ${nowOf('$1')}
  ON CONFLICT (name) DO UPDATE SET at = excluded.at
  WHERE excluded.at - turns.at >= $2::bigint OR turns.at > excluded.at`
const EXTEND = `UPDATE @sessions SET expires_at = (SELECT ${nowOf('$1')}) + lease WHERE live = 1`
const EXPIRED = `UPDATE @sessions SET live = 0, cause = 'expired', ended_at = (SELECT ${nowOf('$1')})
  WHERE live = 1 AND expires_at <= (SELECT ${nowOf('$1')}) RETURNING id`
const STRANDED = `SELECT ${ROW_COLUMNS}, t.payload, x.live, x.cause, x.culprits FROM @tasks t
  LEFT JOIN @sessions x ON x.n = t.session
  WHERE t.state = 2 AND t.session >= $1 AND (t.session, t.claim, t.id) > ($1, $2, $3)
  AND (x.live IS DISTINCT FROM 1 OR t.deadline_at <= (SELECT ${nowOf('$4')}) - $5::bigint)
  ORDER BY t.session, t.claim, t.id LIMIT $6`
const OVER = `SELECT id FROM @tasks WHERE state < 2 AND expires_at IS NOT NULL AND expires_at <= (SELECT ${nowOf('$1')})
  ORDER BY expires_at LIMIT $2`

export const SWEEP: SweepSteps<Store, PgSession> = {
  takeTurn: async (store, every) => (await store.once(TURN, [store.now, every])).count > 0,
  extend: async (store) => {
    await store.once(EXTEND, [store.now])
  },
  declareExpired: async (store) => {
    const { rows } = await store.once(EXPIRED, [store.now])
    if (rows.length > 0) store.options.committed([{ kind: 'any', queues: null }])
    return rows.map(([id]) => id as string)
  },
  stranded: async (look, { after: { session, claim, id }, grace, limit }) => {
    const { rows } = await look.query(STRANDED, [session, claim, id, look.now, grace, limit])
    return rows
  },
  expire: async (store, limit) => {
    const { rows } = await store.once(OVER, [store.now, limit])
    return expireTasks(
      UNITS,
      store,
      rows.map(([id]) => id as string),
    )
  },
  promote,
  purge,
}
