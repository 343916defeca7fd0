/** Options of `enqueue`: what is read, in which unit, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readEnqueueFlags, type EnqueueFlags } from './enqueue-flags.ts'

for (const [flags, options] of [
  [{}, {}],
  [
    { id: 'a', queue: 'q', priority: '10', tag: ['x', 'y'] },
    { id: 'a', queue: 'q', priority: 10, tags: ['x', 'y'] },
  ],
  [{ delay: '5' }, { delay: 5_000 }],
  [{ delay: '500ms' }, { delay: 500 }],
  [{ runAt: '2026-01-31T08:00:00Z' }, { runAt: new Date('2026-01-31T08:00:00Z') }],
  [{ runAt: '1700000000' }, { runAt: new Date(1_700_000_000_000) }],
  [{ expires: '90' }, { expires: 90_000 }],
  [{ expires: '2026-01-31T08:00:00Z' }, { expires: new Date('2026-01-31T08:00:00Z') }],
  [{ retries: '2' }, { retry: 2 }],
  [{ retryDelays: '10,30s,1m' }, { retry: { delays: [10_000, 30_000, 60_000] } }],
  [{ retries: '5', retryDelays: '1' }, { retry: { delays: [1_000], retries: 5 } }],
  [{ timeout: '90' }, { timeout: 90_000 }],
  [{ timeout: 'none' }, { timeout: false }],
  [{ keep: '1h' }, { keep: { succeeded: 3_600_000, dead: 3_600_000 } }],
  [{ keep: 'dead=7d' }, { keep: { dead: 604_800_000 } }],
  [{ unique: 'k' }, { unique: 'k' }],
  [{ unique: 'k', for: '60' }, { unique: { key: 'k', for: 60_000 } }],
] as const satisfies readonly (readonly [EnqueueFlags, object])[]) {
  test(`read ${JSON.stringify(flags)}`, () => {
    assert.deepEqual(readEnqueueFlags(flags), options)
  })
}

for (const [flags, says] of [
  [{ priority: '11' }, /--priority is a whole number from 0 to 10/],
  [{ priority: 'high' }, /--priority/],
  [{ delay: 'soon' }, /--delay is no duration/],
  [{ delay: '-5' }, /--delay is no duration/],
  [{ runAt: 'tomorrow' }, /--run-at is no time/],
  [{ expires: 'never' }, /--expires is no duration/],
  [{ retries: '1.5' }, /--retries is a whole number/],
  [{ retryDelays: ',' }, /--retry-delays names at least one/],
  [{ keep: 'cancelled=1h' }, /--keep knows succeeded and dead/],
  [{ for: '1h' }, /--for goes with --unique/],
] as const satisfies readonly (readonly [EnqueueFlags, RegExp])[]) {
  test(`refuse ${JSON.stringify(flags)}`, () => {
    assert.throws(() => readEnqueueFlags(flags), says)
  })
}
