// Redis is killed and comes back. Every write is on disk before it is acknowledged here: with `everysec` a kill while an
// older write is still being synced may take back the last moments, which is what its durability class says.
import { runRestartCases } from './restart-cases.ts'
import { runWorkerProcessCases } from './worker-process-cases.ts'

const own = { kind: 'redis', settings: { appendfsync: 'always' } } as const

runRestartCases({ ...own, locksRows: false })
runWorkerProcessCases(own)
