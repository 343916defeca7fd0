// `windlass up` and `windlass worker` on MySQL, with real processes and real signals.
import { settleMysql } from './server-places.ts'
import { runUpCases } from './up-cases.ts'

const server = process.env['WINDLASS_TEST_MYSQL_URL']

runUpCases('mysql', server === undefined ? null : () => settleMysql(server))
