// The command line on MariaDB, by the URL as the seeds' programs write it.
import { runCommandLineCases } from './command-line-cases.ts'

runCommandLineCases('mysql', process.env['WINDLASS_TEST_MYSQL_URL'] ?? '', 'DATABASE_URL')
