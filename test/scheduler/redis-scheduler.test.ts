// Schedulers as real processes on Redis.
import { settleRedis } from '../process/server-places.ts'
import { runSchedulerCases } from './process-cases.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']

runSchedulerCases('redis', server === undefined ? null : () => settleRedis(server))
