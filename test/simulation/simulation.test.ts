// Thousands of small worlds: real workers on the memory engine, in virtual time, with lost replies, crashes, pauses and
// clock jumps; then healed, drained and judged. A failing seed is told with its faults and the story of its task.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { vacuous } from '../../src/testing/history/checker.ts'
import { story } from './batch.ts'
import { manySeeds } from './many-seeds.ts'
import { simulate } from './simulate.ts'

const long = process.env['WINDLASS_LONG'] === '1'
const asked = process.env['WINDLASS_TEST_SIMULATION']
const SEEDS = long ? 20_000 : 2_000
const OPERATIONS = long ? 1_000_000 : 200_000
/** A slow machine runs fewer seeds and says so. */
const WITHIN = long ? 1_800_000 : 45_000
const LEAST_SEEDS = 500

function baseSeed(): number {
  const given = Number(process.env['WINDLASS_SEED'] ?? Number.NaN)
  return Number.isSafeInteger(given) ? Math.abs(given) % 2 ** 30 : Math.floor(Math.random() * 2 ** 30)
}

suite('simulation', () => {
  test('the seed that was asked for', { skip: asked === undefined }, async (t) => {
    const run = await simulate(Number(asked))
    t.diagnostic(JSON.stringify({ ...run.verdict.tally, faults: Object.fromEntries(run.faults) }))
    assert.equal(run.verdict.violations.length, 0, story(run))
  })

  test('the same seed gives the same history', async () => {
    for (const seed of [3, 77, 1_384]) {
      const digests = [(await simulate(seed)).digest, (await simulate(seed)).digest]
      assert.equal(digests[0], digests[1], `seed ${seed} is not repeatable`)
    }
  })

  test(`${SEEDS} seeds keep every promise`, { timeout: 3_600_000, skip: asked !== undefined }, async (t) => {
    const base = baseSeed()
    const started = performance.now()
    const { seeds, tally, faults, failure } = await manySeeds(base, SEEDS, WITHIN)
    const seconds = (performance.now() - started) / 1_000
    const rate = Math.round(tally.calls / seconds)
    t.diagnostic(`${seeds} seeds from ${base} in ${seconds.toFixed(1)} s, ${rate} operations/s`)
    t.diagnostic(JSON.stringify(tally))
    t.diagnostic(JSON.stringify(faults))
    if (failure !== null) assert.fail(failure)
    assert.deepEqual(vacuous(tally), [])
    assert.ok(seeds >= Math.min(SEEDS, LEAST_SEEDS), `only ${seeds} seeds in ${seconds.toFixed(0)} s`)
    if (seeds >= SEEDS) assert.ok(tally.calls >= OPERATIONS, `only ${tally.calls} operations`)
  })
})
