// The steps of a sweep in the words of this server. Which follow on which, and what is made of the rows, is portable.

import type { SweepSteps } from '../sql/sweep.ts'
import { ROW_COLUMNS } from '../sql/task-row.ts'
import { expireTasks } from '../sql/units.ts'
import { promote } from './promote.ts'
import { purge } from './purge.ts'
import type { MySession } from './session.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

const STRANDED = words(`SELECT ${ROW_COLUMNS}, t.payload, x.live, x.cause, x.culprits
  FROM @tasks t FORCE INDEX (running) LEFT JOIN @sessions x ON x.n = t.session WHERE t.state = 2`)

export const SWEEP: SweepSteps<Store, MySession> = {
  takeTurn: async (store, every) => {
    const now = store.clock
    // A last turn that lies ahead was before the clock was set back.
    const [answer] = await store.once(sql`UPDATE @turns SET at = ${now}
      WHERE name = 'sweep' AND (at IS NULL OR ${now} - at >= ${every} OR at > ${now})`)
    return answer?.count === 1
  },
  extend: async (store) => {
    await store.once(sql`UPDATE @sessions SET expires_at = ${store.clock} + lease WHERE live = 1`)
  },
  declareExpired: (store) => store.write(declareExpired),
  stranded: async (look, { after: { session, claim, id }, grace, limit }) => {
    const { rows } = await look.query(sql`${STRANDED} AND t.session >= ${session}
      AND (t.session > ${session} OR t.claim > ${claim} OR (t.claim = ${claim} AND t.id > ${id}))
      AND (NOT (x.live <=> 1) OR t.deadline_at <= ${look.now - grace})
      ORDER BY t.session, t.claim, t.id LIMIT ${limit}`)
    return rows
  },
  expire: expireOver,
  promote,
  purge,
}

async function declareExpired(unit: MySession): Promise<string[]> {
  const { rows } = await unit.query(
    sql`SELECT n, id FROM @sessions WHERE live = 1 AND expires_at <= ${unit.now} ORDER BY n FOR UPDATE`,
  )
  if (rows.length === 0) return []
  unit.later(sql`UPDATE @sessions FORCE INDEX (PRIMARY) SET live = 0, cause = 'expired', ended_at = ${unit.now}
    WHERE n IN (${rows.map(([n]) => n as number)})`)
  unit.hints.noteAny()
  return rows.map(([, id]) => id as string)
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
    UNITS,
    store,
    (over?.rows ?? []).map(([id]) => id as string),
  )
}
