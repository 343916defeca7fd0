// The PostgreSQL engine when its connection goes bad.
import { runConnectionCases } from './connection-cases.ts'

runConnectionCases('postgres', process.env['WINDLASS_TEST_POSTGRES_URL'] ?? '')
