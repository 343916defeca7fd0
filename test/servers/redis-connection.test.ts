// The Redis engine when its connection goes bad.
import { runConnectionCases } from './connection-cases.ts'

runConnectionCases('redis', process.env['WINDLASS_TEST_REDIS_URL'] ?? '')
