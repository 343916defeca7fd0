// The worker manager on SQLite, with real processes and real signals.
import { runKeepingCases } from './keeping-cases.ts'
import { settleSqlite } from './store-place.ts'

runKeepingCases('sqlite', settleSqlite)
