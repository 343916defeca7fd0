// Schedulers as real processes on PostgreSQL.
import { settlePostgres } from '../process/server-places.ts'
import { runSchedulerCases } from './process-cases.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']

runSchedulerCases('postgres', server === undefined ? null : () => settlePostgres(server))
