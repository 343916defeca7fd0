// Processes on PostgreSQL that are killed under load, and that are stopped for longer than their lease.
import { runKillCases } from './kill-cases.ts'
import { runLockCases } from './lock-cases.ts'
import { runPauseCases } from './pause-cases.ts'
import { settlePostgres } from './server-places.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']
const settle = server === undefined ? null : () => settlePostgres(server)

runKillCases({ engine: 'postgres', settle, locksRows: true, rounds: 4 })
runPauseCases('postgres', settle)
runLockCases('postgres', settle)
