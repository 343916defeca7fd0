// PostgreSQL is killed and comes back. It recovers what was acknowledged from its log.
import { runRestartCases } from './restart-cases.ts'

runRestartCases('postgres', { settings: {}, locksRows: true })
