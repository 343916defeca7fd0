// The command line on Redis.
import { runCommandLineCases } from './command-line-cases.ts'

runCommandLineCases('redis', process.env['WINDLASS_TEST_REDIS_URL'] ?? '', 'REDIS_URL')
