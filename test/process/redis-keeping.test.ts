// The worker manager on Redis, with real processes and real signals.
import { runFleetCases } from './fleet-cases.ts'
import { runKeepingCases } from './keeping-cases.ts'
import { settleRedis } from './server-places.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const settle = server === undefined ? null : () => settleRedis(server)

runKeepingCases('redis', settle)
runFleetCases('redis', settle)
