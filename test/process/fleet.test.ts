// A fleet under load on SQLite, with real processes and real signals.
import { runFleetCases } from './fleet-cases.ts'
import { settleSqlite } from './store-place.ts'

runFleetCases('sqlite', settleSqlite)
