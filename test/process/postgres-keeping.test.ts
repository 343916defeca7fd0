// The worker manager on PostgreSQL, with real processes and real signals.
import { runFleetCases } from './fleet-cases.ts'
import { runKeepingCases } from './keeping-cases.ts'
import { settlePostgres } from './server-places.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']
const settle = server === undefined ? null : () => settlePostgres(server)

runKeepingCases('postgres', settle)
runFleetCases('postgres', settle)
