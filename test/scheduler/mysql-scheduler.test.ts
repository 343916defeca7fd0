// Schedulers as real processes on MySQL.
import { settleMysql } from '../process/server-places.ts'
import { runSchedulerCases } from './process-cases.ts'

const server = process.env['WINDLASS_TEST_MYSQL_URL']

runSchedulerCases('mysql', server === undefined ? null : () => settleMysql(server))
