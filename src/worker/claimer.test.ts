// The claimer on its own: what it does while there is no session to claim for.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'

import { openMemory } from '../engines/memory/engine.ts'
import { ManualClock } from '../testing/clock.ts'
import { Claimer } from './claimer.ts'
import { readWorkerOptions } from './options.ts'

test('without a session it waits to be woken instead of trying in every turn', async () => {
  const clock = new ManualClock()
  const settings = readWorkerOptions({ engine: openMemory({ now: clock.now }), types: [], clock })
  let session: string | null = null
  let looks = 0
  const claimer = new Claimer({
    settings,
    session: () => session,
    room: () => {
      looks++
      return 1
    },
    take: () => assert.fail('nothing was enqueued'),
    answered: () => undefined,
    gone: () => undefined,
    quiet: () => undefined,
    unsure: () => undefined,
  })
  claimer.start()
  for (let i = 0; i < 50; i++) await turn()
  assert.ok(looks <= 2, `looked ${looks} times in 50 turns`)
  session = 'a new one'
  claimer.wake()
  for (let i = 0; i < 5; i++) await turn()
  assert.ok(looks > 2, 'the new session was not noticed')
  await claimer.stop()
})
