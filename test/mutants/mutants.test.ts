// Are the tests any good? Each planted bug must be noticed by every kind of test that is named for it. The list is
// printed with its killers; a bug that lives fails the run.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Worker } from 'node:worker_threads'

import { MUTANTS, type Fate } from './battery.ts'

const THREADS = 2
/** The same every time: whether a bug is found must not depend on the day. */
const SEED = 42
/** Of CONTRACT's proof: fewer would say little. */
const LEAST = 24

function runShare(first: number): Promise<Fate[]> {
  return new Promise((resolve, reject) => {
    const workerData = { first, step: THREADS, seed: SEED }
    const thread = new Worker(new URL('battery.ts', import.meta.url), { workerData })
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', (code) => reject(new Error(`a thread of the battery ended with ${code}`)))
  })
}

suite('planted bugs', () => {
  test('there are enough of them, each with a name of its own', () => {
    const names = new Set(MUTANTS.map(({ name }) => name))
    assert.equal(names.size, MUTANTS.length)
    assert.ok(names.size >= LEAST)
    assert.deepEqual(
      MUTANTS.filter(({ killedBy }) => killedBy.length === 0).map(({ name }) => name),
      [],
    )
  })

  test('every one is noticed', { timeout: 600_000 }, async (t) => {
    const shares = await Promise.all(Array.from({ length: THREADS }, (_, i) => runShare(i)))
    const fates = shares.flat()
    const width = Math.max(...MUTANTS.map(({ name }) => name.length))
    for (const { name } of MUTANTS) {
      const by = fates.filter(({ mutant }) => mutant === name)
      for (const [i, fate] of by.entries())
        t.diagnostic(`${(i === 0 ? name : '').padEnd(width)}  ${fate.by ?? `LIVES under ${fate.killer}`}`)
    }
    const lives = fates.filter(({ by }) => by === null)
    assert.deepEqual(lives, [], 'these bugs were not noticed')
    t.diagnostic(`${MUTANTS.length} planted bugs, noticed ${fates.length} times`)
  })
})
