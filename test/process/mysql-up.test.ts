// `windlass up` and `windlass worker` on MySQL, with real processes and real signals.
import { runDeafCases } from './deaf-cases.ts'
import { runMovingCases } from './moving-cases.ts'
import { settleMysql } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_MYSQL_URL']
const settle = server === undefined ? null : () => settleMysql(server)

runUpCases('mysql', settle)
runMovingCases('mysql', settle)
runDeafCases('mysql', settle)
