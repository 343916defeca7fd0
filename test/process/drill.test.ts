/** `windlass drill`: workers that are killed for a measurement, and nothing that stays. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { Place, type Document } from '../cli/launch.ts'

/** Worker processes of drills whose store is in this folder. */
function workersOf(folder: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`WINDLASS_ENGINE=sqlite:${folder}`)
      )
    } catch {
      return false
    }
  })
}

function assertNothingLeft(place: Place): void {
  assert.deepEqual(workersOf(place.folder), [])
  assert.deepEqual(
    readdirSync(place.folder).filter((name) => name.startsWith('windlass.db')),
    [],
  )
}

const config = (lease: number): Record<string, string> => ({
  'windlass.config.yaml': `engine: sqlite:windlass.db\nlease: ${lease}\n`,
})

describe('drill', { concurrency: true }, () => {
  for (const [name, flags, limit] of [
    ['a killed worker', ['--rounds', '2', '--concurrency', '2'], 1_500],
    ['a lost host', ['--host-loss'], 6_000],
  ] as const)
    test(`${name}: every task runs again, none twice, none is lost, and nothing stays`, async (t) => {
      const place = new Place(t, config(1))
      const { code, document } = await place.json(['drill', 'kill-worker', ...flags])
      const { ok, engine, rounds, rescue_ms: rescue, limit_ms, duplicates, lost } = document
      assert.deepEqual([limit_ms, duplicates, lost], [limit, 0, 0], JSON.stringify(document))
      assert.ok(typeof rescue === 'number' && rescue > 0)
      for (const { interrupted } of rounds as Document[]) assert.ok(Number(interrupted) > 0)
      // Whether it is in time is a matter of the machine: exit code and answer agree on it.
      assert.deepEqual([ok, code], rescue <= limit ? [true, 0] : [false, 1])
      assert.equal(engine, `sqlite:${place.folder}/windlass.db`)
      assertNothingLeft(place)
    })

  test('Ctrl-C ends it at once, and nothing stays', async (t) => {
    const place = new Place(t, config(30))
    const drill = place.start(['drill', 'kill-worker', '--host-loss'])
    await drill.until((one) => one.stderr.includes('was killed while it ran 4 tasks'), 30_000)
    assert.ok(process.platform !== 'linux' || workersOf(place.folder).length > 0)
    drill.signal('SIGINT')
    const { code, stdout, stderr } = await drill.ended
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /the drill was stopped: SIGINT/)
    assertNothingLeft(place)
  })

  test('what cannot be drilled is told', async (t) => {
    const place = new Place(t, config(30))
    const codes = await Promise.all(
      [['kill-everything'], ['kill-worker', '--rounds', '0'], ['kill-worker', '--engine', 'memory:']].map(
        async (args) => (await place.json(['drill', ...args])).code,
      ),
    )
    assert.deepEqual(codes, [2, 2, 2])
    assertNothingLeft(place)
  })
})
