// `windlass up` and `windlass worker` on PostgreSQL, with real processes and real signals.
import { settlePostgres } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']

runUpCases('postgres', server === undefined ? null : () => settlePostgres(server))
