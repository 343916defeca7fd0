// `windlass up` and `windlass worker` on Redis, with real processes and real signals.
import { settleRedis } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']

runUpCases('redis', server === undefined ? null : () => settleRedis(server))
