/** What the doctor says of schedules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { ScheduleJson } from '../client/schedule-json.ts'
import { judgeSchedules } from './doctor-schedules.ts'

const schedule = (fields: Partial<ScheduleJson>): ScheduleJson =>
  ({ name: 's', paused: false, next_at: '2026-01-01T00:00:00.000Z', late_ms: 0, ...fields }) as ScheduleJson
const scheduler = (alive: boolean) => ({ host: 'here', pid: 1, seen_at: '2026-01-01T00:00:00.000Z', alive })
const wrong = (...facts: Parameters<typeof judgeSchedules>): (string | null)[] =>
  judgeSchedules(...facts)
    .filter(({ ok }) => !ok)
    .map(({ mend }) => mend)

test('schedules that nobody fires are wrong, where there is something to fire', () => {
  assert.deepEqual(wrong([], []), [])
  assert.deepEqual(wrong([schedule({ paused: true }), schedule({ next_at: null })], []), [])
  assert.deepEqual(wrong([schedule({})], []), ['windlass up'])
  assert.deepEqual(wrong([schedule({})], [scheduler(false)]), ['windlass up'])
  assert.deepEqual(wrong([schedule({})], [scheduler(true), scheduler(false)]), [])
})

test('late schedules are named, a moment is not late', () => {
  const late = [schedule({ name: 'a', late_ms: 31_000 }), schedule({ name: 'b', late_ms: 2_000 })]
  assert.deepEqual(wrong(late, [scheduler(true)]), ['windlass schedule show a'])
  const many = Array.from({ length: 9 }, () => schedule({ late_ms: 99_000 }))
  assert.equal(wrong(many, [scheduler(true)]).length, 5)
})
