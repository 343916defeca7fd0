// Fleets whose workers go deaf again and again, among all the other faults: every task still comes to its end, because
// each worker notices and begins anew. Without that the same worlds come to a standstill.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { Random } from '../../src/testing/simulation/random.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { ClaimReply } from '../../src/core/hot-verbs.ts'
import { story } from './batch.ts'
import type { Plant } from './cluster.ts'
import { TIMES } from './profile.ts'
import { simulate } from './simulate.ts'

const SEEDS = process.env['WINDLASS_LONG'] === '1' ? 1_000 : 60
/** Claims that a session hears of. */
const HEARD = 15
const NOTHING: ClaimReply = { live: true, tasks: [], more: false, nextDueIn: null }

/** A runtime in which each session goes deaf for good after some claims. */
function deafening(kind: 'silent' | 'empty', deafAfter: number): Plant {
  return {
    deafAfter,
    runtime: (engine) => {
      const heard = new Map<string, number>()
      return over(engine, {
        claim: async (requests) => {
          const [{ session } = { session: '' }] = requests
          const count = (heard.get(session) ?? 0) + 1
          heard.set(session, count)
          if (count <= HEARD) return engine.claim(requests)
          return kind === 'empty' ? requests.map(() => NOTHING) : new Promise<ClaimReply[]>(() => {})
        },
      })
    },
  }
}

suite('deaf workers', () => {
  for (const kind of ['silent', 'empty'] as const) {
    const seed = new Random(Number(process.env['WINDLASS_SEED'] ?? 0))

    test(`${kind}: ${SEEDS} seeds keep every promise`, { timeout: 600_000 }, async () => {
      for (let i = 0; i < SEEDS; i++) {
        const run = await simulate(seed.below(2 ** 30), deafening(kind, 2 * TIMES.lease))
        assert.equal(run.verdict.violations.length, 0, story(run))
      }
    })

    test(`${kind}: whoever does not notice comes to a standstill`, async () => {
      for (let i = 0; i < 60; i++) {
        const { verdict } = await simulate(seed.below(2 ** 30), deafening(kind, 3_600_000))
        if (verdict.violations.some(({ check }) => check === 'liveness')) return
      }
      assert.fail('no world stood still: the workers were not deaf')
    })
  }
})
