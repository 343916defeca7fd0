// One task that cannot be settled holds up nobody else, and is told.

import assert from 'node:assert/strict'
import test from 'node:test'

import type { Engine } from '../core/engine.ts'
import type { Settlement } from '../core/hot-verbs.ts'
import { outcomes } from '../testing/samples.ts'
import { settleApart } from './rescue.ts'

function settlementOf(id: string): Settlement {
  return { id, claim: `${id}.1`, guard: 'rescue', outcome: outcomes.release(), followUps: [], logs: [] }
}

/** Refuses every call that holds `locked`; applies all but `stale`. */
function engineWith(calls: number[]): Pick<Engine, 'settle'> {
  return {
    settle: (settlements) => {
      calls.push(settlements.length)
      if (settlements.some(({ id }) => id === 'locked')) return Promise.reject(new Error('row locked'))
      return Promise.resolve(
        settlements.map(({ id }) => {
          const status = id === 'stale' ? ('lost' as const) : ('applied' as const)
          return { status, state: null, followUps: [] }
        }),
      )
    },
  }
}

function never(): void {
  assert.fail('nothing fails here')
}

test('all go in one call, and each answer tells whether it was applied', async () => {
  const calls: number[] = []
  const applied = await settleApart(engineWith(calls), ['a', 'stale', 'b'].map(settlementOf), never)
  assert.deepEqual([applied, calls], [[true, false, true], [3]])
})

test('when the call fails each is tried alone; the one that fails is told', async () => {
  const calls: number[] = []
  const failed: string[] = []
  const some = ['a', 'locked', 'b'].map(settlementOf)
  const applied = await settleApart(engineWith(calls), some, ({ id }) => failed.push(id))
  assert.deepEqual([applied, calls, failed], [[true, false, true], [3, 1, 1, 1], ['locked']])
})

test('nothing to settle asks nothing', async () => {
  const calls: number[] = []
  assert.deepEqual([await settleApart(engineWith(calls), [], never), calls], [[], []])
})
