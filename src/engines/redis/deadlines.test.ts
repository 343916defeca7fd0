// One timer for all calls that wait.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { Deadlines } from './deadlines.ts'

function rig(t: TestContext) {
  let now = 0
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  const deadlines = new Deadlines()
  const late: string[] = []
  return {
    deadlines,
    late,
    add: (name: string, until: number) => {
      const deadline = { until, late: () => void late.push(name) }
      deadlines.add(deadline)
      return deadline
    },
    move: (ms: number) => {
      now += ms
      t.mock.timers.tick(ms)
    },
  }
}

test('each call is late at its own time, whatever comes before and after it', (t) => {
  const { add, move, late } = rig(t)
  add('first', 100)
  add('sooner', 50)
  move(49)
  assert.deepEqual(late, [])
  move(1)
  assert.deepEqual(late, ['sooner'])
  add('later', 200)
  move(50)
  assert.deepEqual(late, ['sooner', 'first'])
  move(100)
  assert.deepEqual(late, ['sooner', 'first', 'later'])
})

test('an answered call is never late, and does not make one that follows it late or early', (t) => {
  const { deadlines, add, move, late } = rig(t)
  deadlines.remove(add('answered', 100))
  move(60)
  add('next', 160)
  move(99)
  assert.deepEqual(late, [])
  move(1)
  assert.deepEqual(late, ['next'])
})

test('a call that is made while another is found late has its time', (t) => {
  const { deadlines, move, late } = rig(t)
  const again = { until: 30, late: () => void late.push('again') }
  const late1 = (): void => {
    late.push('once')
    deadlines.add(again)
  }
  deadlines.add({ until: 10, late: late1 })
  move(10)
  move(20)
  assert.deepEqual(late, ['once', 'again'])
})
