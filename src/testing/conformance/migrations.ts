// Conformance: migrations. The first one makes the store, later ones find it, a race harms nobody, and a store of
// a newer version is not touched.

import assert from 'node:assert/strict'

import { outcomes } from '../samples.ts'
import { check, type TopicSpec } from './case.ts'

export const migrationsTopic: TopicSpec = {
  topic: 'migrations',
  cases: [
    check(
      'the first migration starts at 0, the next finds nothing to do',
      ['DESIGN §4'],
      async (b) => {
        const first = await b.engine.migrate()
        assert.ok(first.to > 0, `migrated to ${first.to}`)
        assert.ok(
          first.from === 0 || first.from === first.to,
          'a new store is migrated from 0, unless opening did it',
        )
        assert.deepEqual(await b.engine.migrate(), { from: first.to, to: first.to })
      },
      { migrated: false },
    ),
    check('migrating again keeps what is stored', ['DESIGN §4'], async (b) => {
      const task = await b.ended(outcomes.retry(10), { id: 'kept' })
      const { instanceId } = b.engine
      await b.engine.migrate()
      assert.deepEqual(await b.get('kept'), task)
      assert.equal(b.engine.instanceId, instanceId)
    }),
    check(
      'eight migrations at once on one connection agree',
      ['DESIGN §4'],
      async (b) => {
        const all = await Promise.all(Array.from({ length: 8 }, () => b.engine.migrate()))
        assert.equal(new Set(all.map((one) => one.to)).size, 1)
        assert.ok(all.filter((one) => one.from < one.to).length <= 1, 'more than one did the work')
        await b.add()
      },
      { migrated: false },
    ),
    check(
      'eight connections migrate at once: all succeed and share one instance id',
      ['DESIGN §4'],
      async (b) => {
        const others = await Promise.all(Array.from({ length: 7 }, () => b.second()))
        const engines = [b.engine, ...others]
        const all = await Promise.all(engines.map((engine) => engine.migrate()))
        assert.equal(new Set(all.map((one) => one.to)).size, 1)
        assert.ok(all.filter((one) => one.from < one.to).length <= 1, 'more than one did the work')
        assert.equal(new Set(engines.map((engine) => engine.instanceId)).size, 1)
        assert.match(b.engine.instanceId, /./)
        await b.add()
      },
      { migrated: false, needs: ['reopen'] },
    ),
    check(
      'eight processes migrate at once: all succeed, one does the work, the store is whole',
      ['DESIGN §4'],
      async (b) => {
        const all = await b.ability('spawnMigrators')(8)
        assert.equal(all.length, 8)
        const { to } = await b.engine.migrate()
        assert.deepEqual([...new Set(all.map((one) => one.to))], [to])
        assert.equal(all.filter((one) => one.from < one.to).length, 1, 'exactly one does the work')
        await b.end(await b.start(), outcomes.succeed())
      },
      { migrated: false, needs: ['spawnMigrators'] },
    ),
    check(
      'a store of a newer schema is refused and not touched',
      ['DESIGN §4'],
      async (b) => {
        await b.add({ id: 'kept' })
        await b.ability('makeNewer')()
        await assert.rejects(
          async () => {
            const later = await b.second()
            await later.migrate()
          },
          { code: 'newer_schema', applied: 'no' },
        )
        // The connection from before the upgrade is still the reader that knows whether anything was touched.
        assert.equal((await b.get('kept')).state, 'ready')
      },
      { needs: ['makeNewer', 'reopen'] },
    ),
  ],
}
