/** Doctor on engines with a server: a healthy one is called healthy, and each illness is named with its cure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { plainFacts, type EngineFacts } from '../core/engine-facts.ts'
import { judgeEngine } from './doctor-server-rules.ts'

const healthy: EngineFacts = {
  product: 'PostgreSQL',
  version: '15.18',
  oldest: '13',
  connections: { used: 12, limit: 100 },
  pool: { most: 10, inUse: 1, waiting: 0 },
  transaction: { age: 40, who: 'psql' },
  rows: { live: 1_000, dead: 2_000 },
  memory: { used: 2 ** 20, limit: null, eviction: 'noeviction' },
}

function wrong(change: Partial<EngineFacts>, processes = 3): string[] {
  return judgeEngine({ ...healthy, ...change }, processes)
    .filter(({ ok }) => !ok)
    .map(({ check, detail, mend }) => `${check}: ${detail} → ${mend}`)
}

test('a healthy server, and one that tells nothing but its version', () => {
  assert.deepEqual(wrong({}), [])
  assert.deepEqual(judgeEngine(plainFacts('SQLite', '3.53.4', '3.51.3'), 1), [
    { check: 'version', ok: true, detail: 'SQLite 3.53.4', mend: null },
  ])
})

for (const [name, change, expected] of [
  ['an old version', { version: '12.9' }, 'version: PostgreSQL 12.9 → upgrade PostgreSQL to 13 or newer'],
  [
    'hardly a connection left',
    { connections: { used: 95, limit: 100 } },
    "connections: 95 of 100 are in use → lower DATABASE_POOL_SIZE, or raise the server's limit",
  ],
  [
    'pools that the server cannot serve',
    { pool: { most: 50, inUse: 0, waiting: 0 } },
    "pool size: 3 processes with up to 50 connections each, 100 allowed → lower DATABASE_POOL_SIZE, or raise the server's limit",
  ],
  [
    'calls that wait for a connection',
    { pool: { most: 2, inUse: 2, waiting: 7 } },
    'pool: 2 of 2 in use, 7 waiting → raise DATABASE_POOL_SIZE',
  ],
  [
    'a transaction that somebody forgot',
    { transaction: { age: 7_200_400, who: 'psql (pid 7)' } },
    'oldest transaction: open for 2 h by psql (pid 7) → end it: it keeps deleted rows alive',
  ],
  [
    'bloat',
    { rows: { live: 10, dead: 200_000 } },
    'bloat: 200000 dead rows beside 10 → VACUUM our tables, and see why autovacuum does not',
  ],
  [
    'a server that throws tasks away',
    { memory: { used: 2 ** 20, limit: null, eviction: 'allkeys-lru' } },
    'eviction: allkeys-lru → CONFIG SET maxmemory-policy noeviction',
  ],
  [
    'hardly any memory left',
    { memory: { used: 95 * 2 ** 20, limit: 100 * 2 ** 20, eviction: 'noeviction' } },
    'memory: 95 MiB of 100 MiB → raise maxmemory, or keep less: shorten `retention`',
  ],
] as const satisfies readonly (readonly [string, Partial<EngineFacts>, string])[]) {
  test(`the server: ${name}`, () => assert.deepEqual(wrong(change), [expected]))
}
