// Eight processes on one MySQL or MariaDB store enqueue with the same ids and keys, claim, settle, cancel and sweep at
// once: the server finds them in each other's way, and none of it reaches a caller. Judged by counts at the end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import { mintToken } from '../../src/core/ids.ts'
import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { newPlace, SERVER } from './mysql-place.ts'

const CHILD = fileURLToPath(new URL('./mysql-soak-child.ts', import.meta.url))
const PROCESSES = 8
const LENGTH = process.env['WINDLASS_LONG'] === '1' ? 60_000 : 5_000
const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false

interface Tally {
  readonly created: number
  readonly duplicates: number
  readonly existing: number
  readonly claimed: number
  readonly applied: number
  readonly succeeded: number
  readonly errors: readonly string[]
  /** The call that took longest. */
  readonly slowest: { readonly what: string; readonly ms: number }
}

function soak(url: string, run: string): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=windlass-source', CHILD, url, String(LENGTH), run], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Tally)
      else reject(new Error(`a process of the soak ended with ${code}`))
    })
  })
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
    const tallies = await Promise.all(Array.from({ length: PROCESSES }, () => soak(place.url, run)))
    const sum = (key: Exclude<keyof Tally, 'errors' | 'slowest'>): number =>
      tallies.reduce((all, tally) => all + tally[key], 0)
    assert.deepEqual(
      tallies.flatMap(({ errors }) => errors),
      [],
    )
    const { counts, doubles } = await countAll(engine)
    const all = [...counts.values()].reduce((one, other) => one + other, 0)
    assert.equal(all, sum('created'), 'every task that was said to be created is there, and no other')
    assert.equal(counts.get('succeeded') ?? 0, sum('succeeded'))
    assert.equal(counts.get('running') ?? 0, 0, 'whatever was claimed was settled')
    assert.equal(sum('claimed'), sum('applied'))
    assert.deepEqual(doubles, [], 'each unique key has one open task at most')
    assert.ok(sum('duplicates') > 0 && sum('existing') > 0, 'they were in each other’s way')
    const { what, ms } = tallies.map(({ slowest }) => slowest).reduce((a, b) => (a.ms > b.ms ? a : b))
    t.diagnostic(`slowest: ${what}, ${Math.round(ms)} ms`)
    t.diagnostic(`${sum('created')} created, ${sum('applied')} settled, ${sum('duplicates')} duplicates`)
  } finally {
    await engine.close()
    await place.drop()
  }
})
