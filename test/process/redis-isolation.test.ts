// Handlers in threads and processes of their own while the store is Redis.
import { runIsolationCases } from './isolation-cases.ts'
import { settleRedis } from './server-places.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']

runIsolationCases('redis', server === undefined ? null : () => settleRedis(server))
