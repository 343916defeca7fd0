// The command line on PostgreSQL, by the URL as the seeds' programs write it.
import { runCommandLineCases } from './command-line-cases.ts'

const url = (process.env['WINDLASS_TEST_POSTGRES_URL'] ?? '').replace(/^postgres:/, 'postgresql:')
runCommandLineCases('postgres', url, 'DATABASE_URL')
