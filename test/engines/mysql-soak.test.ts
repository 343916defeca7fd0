// Eight processes on one MySQL or MariaDB store enqueue with the same ids and keys, claim, settle, cancel and sweep at
// once: the server finds them in each other's way, and none of it reaches a caller. Judged by counts at the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { mintToken } from '../../src/core/ids.ts'
import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { reportOf } from './child-report.ts'
import { newPlace, SERVER } from './mysql-place.ts'

const CHILD = new URL('./mysql-soak-child.ts', import.meta.url)
const PROCESSES = 8
const LENGTH = process.env['WINDLASS_LONG'] === '1' ? 60_000 : 5_000
/** On a busy machine a process may keep a key while it waits for its turn; on others nobody waits in vain. */
const MOST_HELD = 3
const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false

interface Tally {
  readonly created: number
  readonly duplicates: number
  readonly existing: number
  readonly claimed: number
  readonly applied: number
  readonly succeeded: number
  /** Enqueues that were refused because a lock was held for too long: of some of their tasks nothing is known. */
  readonly held: number
  readonly errors: readonly string[]
  /** The call that took longest. */
  readonly slowest: { readonly what: string; readonly ms: number }
}

/** Tallies of all processes; where some of them failed, an error that tells why, and what the others met. */
async function soak(url: string, run: string): Promise<Tally[]> {
  const args = [url, String(LENGTH), run]
  const ended = await Promise.allSettled(Array.from({ length: PROCESSES }, () => reportOf(CHILD, args)))
  const tallies = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value as Tally] : []))
  const failed = ended.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  const met = tallies.flatMap(({ errors }) => errors)
  assert.equal(failed.length, 0, [...failed, 'the others met:', ...met].join('\n'))
  assert.deepEqual(met, [])
  return tallies
}

/** Tasks by state, of all queues; and the unique keys that more than one waiting or running task has. */
async function countAll(engine: MysqlEngine): Promise<{ counts: Map<string, number>; doubles: string[] }> {
  const counts = new Map<string, number>()
  const keys = new Map<string, number>()
  for (let cursor: string | null = null; ;) {
    const page = await engine.records.find({ limit: 1_000, cursor })
    for (const { state, uniqueKey } of page.tasks) {
      counts.set(state, (counts.get(state) ?? 0) + 1)
      const open = state === 'ready' || state === 'scheduled' || state === 'running'
      if (open && uniqueKey !== null) keys.set(uniqueKey, (keys.get(uniqueKey) ?? 0) + 1)
    }
    if (page.next === null) break
    cursor = page.next
  }
  return { counts, doubles: [...keys].filter(([, count]) => count > 1).map(([key]) => key) }
}

test('no deadlock of eight busy processes reaches a caller', { skip, timeout: 180_000 }, async (t) => {
  const place = newPlace({ pool: '3', max_overflow: '3' })
  const engine = await openMysql(place.url)
  try {
    await engine.migrate()
    const run = mintToken().slice(0, 8)
    const tallies = await soak(place.url, run)
    const sum = (key: Exclude<keyof Tally, 'errors' | 'slowest'>): number =>
      tallies.reduce((all, tally) => all + tally[key], 0)
    const { counts, doubles } = await countAll(engine)
    const all = [...counts.values()].reduce((one, other) => one + other, 0)
    assert.ok(all >= sum('created'), 'every task that was said to be created is there')
    const held = sum('held')
    if (held === 0) assert.equal(all, sum('created'), 'and no other')
    assert.ok(held <= MOST_HELD, `${held} enqueues waited in vain`)
    assert.equal(counts.get('succeeded') ?? 0, sum('succeeded'))
    assert.equal(counts.get('running') ?? 0, 0, 'whatever was claimed was settled')
    assert.equal(sum('claimed'), sum('applied'))
    assert.deepEqual(doubles, [], 'each unique key has one open task at most')
    assert.ok(sum('duplicates') > 0 && sum('existing') > 0, 'they were in each other’s way')
    const { what, ms } = tallies.map(({ slowest }) => slowest).reduce((a, b) => (a.ms > b.ms ? a : b))
    t.diagnostic(`slowest: ${what}, ${Math.round(ms)} ms`)
    t.diagnostic(
      `${sum('created')} created, ${sum('applied')} settled, ${sum('duplicates')} duplicates, ${held} held up`,
    )
  } finally {
    await engine.close()
    await place.drop()
  }
})
