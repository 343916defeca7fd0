// MariaDB is killed and comes back. It recovers what was acknowledged from its logs.
import { runRestartCases } from './restart-cases.ts'
import { runWorkerProcessCases } from './worker-process-cases.ts'

const own = { kind: 'mysql', settings: {} } as const

runRestartCases({ ...own, locksRows: true })
runWorkerProcessCases(own)
