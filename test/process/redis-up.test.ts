// `windlass up` and `windlass worker` on Redis, with real processes and real signals.
import { runDeafCases } from './deaf-cases.ts'
import { runMovingCases } from './moving-cases.ts'
import { settleRedis } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const settle = server === undefined ? null : () => settleRedis(server)

runUpCases('redis', settle)
runMovingCases('redis', settle)
runDeafCases('redis', settle)
