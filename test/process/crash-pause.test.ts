// A worker on an SQLite file that is stopped for longer than its lease.
import { runPauseCases } from './pause-cases.ts'
import { settleSqlite } from './store-place.ts'

runPauseCases('sqlite', settleSqlite)
