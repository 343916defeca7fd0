/** What the doctor says of alerts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { AlertsJson } from '../toolbox/alert-view.ts'
import { judgeAlerts } from './doctor-alerts.ts'

const view = (more: Partial<AlertsJson>): AlertsJson => ({
  checking: 'on',
  checked_at: '2026-01-01T00:00:00.000Z',
  every_ms: 30_000,
  alerts: [],
  ...more,
})
const wrong = (...facts: Parameters<typeof judgeAlerts>): string[] =>
  judgeAlerts(...facts)
    .filter(({ ok }) => !ok)
    .map(({ detail }) => detail)

test('what fires is wrong, and what does not is not', () => {
  const alert = { since: null, reason: null, value: 1, threshold: 5, text: '' } as const
  const fires = { ...alert, alert: 'dead', firing: true, text: '6 tasks are dead' } as const
  const rests = { ...alert, alert: 'backlog', firing: false } as const
  assert.deepEqual(wrong(view({ alerts: [fires, rests] }), 1), ['6 tasks are dead'])
  assert.deepEqual(wrong(view({ alerts: [rests] }), 1), [])
})

test('that nobody checks is wrong where anybody lives, and not in a system that is switched off', () => {
  const late = view({ checking: 'late' })
  assert.deepEqual(wrong(late, 1), ['not checked since 2026-01-01T00:00:00.000Z'])
  assert.deepEqual(wrong(late, 0), [])
  for (const checking of ['off', 'paused', 'new'] as const) assert.deepEqual(wrong(view({ checking }), 1), [])
})
