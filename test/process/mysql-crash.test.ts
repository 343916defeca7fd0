// Processes on MySQL that are killed under load, and that are stopped for longer than their lease.
import { runKillCases } from './kill-cases.ts'
import { runLockCases } from './lock-cases.ts'
import { runPauseCases } from './pause-cases.ts'
import { settleMysql } from './server-places.ts'

const server = process.env['WINDLASS_TEST_MYSQL_URL']
const settle = server === undefined ? null : () => settleMysql(server)

runKillCases({ engine: 'mysql', settle, locksRows: true, rounds: 4 })
runPauseCases('mysql', settle)
runLockCases('mysql', settle)
