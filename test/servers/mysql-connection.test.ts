// The MySQL and MariaDB engine when its connection goes bad.
import { runConnectionCases } from './connection-cases.ts'

runConnectionCases('mysql', process.env['WINDLASS_TEST_MYSQL_URL'] ?? '')
