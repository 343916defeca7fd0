// How tasks are read and counted in the words of this server; what is made of it is portable.

import type { RecordWays } from '../sql/cold-verbs.ts'
import { ROW_COLUMNS } from '../sql/task-row.ts'
import { readChanges } from './feed.ts'
import { selectRows } from './find-rows.ts'
import type { MySession } from './session.ts'
import { ahead, stats } from './stats.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const TASKS = words(`SELECT ${ROW_COLUMNS}, t.payload FROM @tasks t`)
const FINISHED = words(`SELECT ${ROW_COLUMNS}, t.payload FROM @finished t`)

export const RECORDS: RecordWays<Store, MySession> = {
  byId: async (look, ids) => {
    const { rows } = await look.query(
      sql`${TASKS} WHERE t.id IN (${ids}) UNION ALL ${FINISHED} WHERE t.id IN (${ids})`,
    )
    return rows
  },
  select: selectRows,
  stats,
  ahead,
  changes: readChanges,
}
