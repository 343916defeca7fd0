// Random kill -9 of processes on one SQLite file.
import { runKillCases } from './kill-cases.ts'
import { settleSqlite } from './store-place.ts'

runKillCases({ engine: 'sqlite', settle: settleSqlite, locksRows: false, rounds: 5 })
