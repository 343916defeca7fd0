/** One sweep by hand: what is dead comes back, what is silent is left alone. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { openEngine } from '../../src/engines/open.ts'
import { BARE } from './fixtures.ts'
import { Place } from './launch.ts'

test('orphans of a dead session run again, those of a silent one stay', async (t) => {
  const place = new Place(t, BARE)
  for (const id of ['killed', 'silent', 'later', 'stale'])
    await place.json(['enqueue', 'echo', '--untyped', '--id', id, '--queue', id, ...(OPTIONS[id] ?? [])])
  const engine = await openEngine(`sqlite:${join(place.folder, 'windlass.db')}`)
  t.after(() => engine.close())
  const elsewhere = { host: 'elsewhere', bootId: 'x', pidSpace: 'x', pid: 1, startTime: 'x' }
  const own = { queues: null, types: ['echo'], concurrency: 1, lease: 1, ...elsewhere }
  const session = (id: string) => ({ ...own, id, name: id })
  await engine.startSession([session('s-killed'), session('s-silent')])
  for (const id of ['killed', 'silent']) {
    const [reply] = await engine.claim([{ session: `s-${id}`, claimId: `c-${id}`, limit: 1, queues: [id] }])
    assert.equal(reply?.tasks.length, 1)
  }
  await engine.endSession([{ session: 's-killed', cause: 'killed', culprits: null }])
  const first = await place.json(['sweep'])
  assert.deepEqual(first.document, { orphans: 1, rescued: 1, promoted: 0, expired: 1, purged: 0, overdue: 0 })
  const again = await place.json(['sweep'])
  assert.deepEqual([again.document['orphans'], again.document['rescued']], [0, 0])
  const [killed, silent, stale] = await engine.records.get(['killed', 'silent', 'stale'])
  assert.deepEqual([killed?.crashes, killed?.state === 'running'], [1, false])
  // Its lease is long over, but a process that just started has seen nothing of it.
  assert.equal(silent?.state, 'running')
  assert.deepEqual([stale?.state, stale?.reason], ['cancelled', 'expired'])
})

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  later: ['--delay', '1h'],
  stale: ['--delay', '1h', '--expires', '1ms'],
}
