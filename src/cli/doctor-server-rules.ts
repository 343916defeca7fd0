// What is wrong with an engine and its server: a pure function from the engine's facts to findings.
// Owns the limits and the words. Promises that what an engine cannot tell is not judged. Leaves collecting facts to the
// engines, and everything that is the same on all of them to doctor-rules.ts.

import { formatDuration } from '../core/duration.ts'
import type { EngineFacts } from '../core/engine-facts.ts'
import { compareVersions, finding, type Finding } from './finding.ts'

/** A snapshot held for longer keeps dead rows alive, and every look at a table slower. */
const LONGEST_TRANSACTION = 5 * 60_000
/** Below that many dead rows a table is small whatever their share. */
const DEAD_ROWS = 100_000
const FULL = 0.9
const MIB = 1024 * 1024

/**
 * @param processes processes that hold a pool of this size now: live workers, and who asks
 */
export function judgeEngine(facts: EngineFacts, processes: number): Finding[] {
  const { product, version, oldest } = facts
  const known = compareVersions(version, oldest) >= 0
  return [
    finding('version', known, `${product} ${version}`, upgrade(product, oldest)),
    ...judgeConnections(facts, processes),
    ...judgeRows(facts),
    ...judgeMemory(facts),
  ]
}

/** SQLite comes with Node. */
function upgrade(product: string, oldest: string): string {
  if (product !== 'SQLite') return `upgrade ${product} to ${oldest} or newer`
  return `use a Node that brings SQLite ${oldest} or newer, such as the pinned one`
}

function judgeConnections({ connections, pool }: EngineFacts, processes: number): Finding[] {
  const found: Finding[] = []
  if (connections !== null) {
    const { used, limit } = connections
    const detail = `${used} of ${limit} are in use`
    found.push(finding('connections', used < limit * FULL, detail, MORE_CONNECTIONS))
    if (pool !== null) {
      const wanted = pool.most * processes
      const needs = `${processes} ${processes === 1 ? 'process' : 'processes'} with up to ${pool.most} connections each, ${limit} allowed`
      found.push(finding('pool size', wanted <= limit, needs, MORE_CONNECTIONS))
    }
  }
  if (pool !== null) {
    const { most, inUse, waiting } = pool
    const detail = `${inUse} of ${most} in use, ${waiting} waiting`
    found.push(finding('pool', waiting === 0, detail, 'raise DATABASE_POOL_SIZE'))
  }
  return found
}

const MORE_CONNECTIONS = "lower DATABASE_POOL_SIZE, or raise the server's limit"

function judgeRows({ transaction, rows }: EngineFacts): Finding[] {
  const found: Finding[] = []
  if (transaction !== null) {
    const { age, who } = transaction
    const detail = `open for ${formatDuration(Math.round(age / 1_000) * 1_000)} by ${who}`
    found.push(
      finding('oldest transaction', age < LONGEST_TRANSACTION, detail, 'end it: it keeps deleted rows alive'),
    )
  }
  if (rows !== null) {
    const { live, dead } = rows
    const detail = `${dead} dead rows beside ${live}`
    found.push(
      finding(
        'bloat',
        dead < DEAD_ROWS || dead < live,
        detail,
        'VACUUM our tables, and see why autovacuum does not',
      ),
    )
  }
  return found
}

function judgeMemory({ memory }: EngineFacts): Finding[] {
  if (memory === null) return []
  const { used, limit, eviction } = memory
  const amount = `${Math.round(used / MIB)} MiB`
  const whole = limit === null ? `${amount}, no limit` : `${amount} of ${Math.round(limit / MIB)} MiB`
  const mend = 'raise maxmemory, or keep less: shorten `retention`'
  return [
    finding('eviction', eviction === 'noeviction', eviction, 'CONFIG SET maxmemory-policy noeviction'),
    finding('memory', limit === null || used < limit * FULL, whole, mend),
  ]
}
