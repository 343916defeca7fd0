// Processes on Redis that are killed under load, and that are stopped for longer than their lease.
import { runKillCases } from './kill-cases.ts'
import { runPauseCases } from './pause-cases.ts'
import { settleRedis } from './server-places.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const settle = server === undefined ? null : () => settleRedis(server)

runKillCases({ engine: 'redis', settle, locksRows: false, rounds: 4 })
runPauseCases('redis', settle)
