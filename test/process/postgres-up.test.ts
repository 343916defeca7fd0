// `windlass up` and `windlass worker` on PostgreSQL, with real processes and real signals.
import { runDeafCases } from './deaf-cases.ts'
import { runMovingCases } from './moving-cases.ts'
import { settlePostgres } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']
const settle = server === undefined ? null : () => settlePostgres(server)

runUpCases('postgres', settle)
runMovingCases('postgres', settle)
runDeafCases('postgres', settle)
