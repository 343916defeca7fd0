// Schedulers as real processes on SQLite.
import { settleSqlite } from '../process/store-place.ts'
import { runSchedulerCases } from './process-cases.ts'

runSchedulerCases('sqlite', settleSqlite)
