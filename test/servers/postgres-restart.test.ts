// PostgreSQL is killed and comes back. It recovers what was acknowledged from its log.
import { runRestartCases } from './restart-cases.ts'
import { runWorkerProcessCases } from './worker-process-cases.ts'

const own = { kind: 'postgres', settings: {} } as const

runRestartCases({ ...own, locksRows: true })
runWorkerProcessCases(own)
