// What alerts say to whoever examines a system: each that fires, and whether anybody checks. A system that is switched
// off altogether is not wrong.

import type { AlertsJson } from '../toolbox/alert-view.ts'
import { finding, type Finding } from './finding.ts'

/** @param alive workers and schedulers that live */
export function judgeAlerts({ checking, checked_at: at, alerts }: AlertsJson, alive: number): Finding[] {
  const firing = alerts.filter((one) => one.firing)
  const late = checking === 'late' && alive > 0
  const detail = late ? `not checked since ${at ?? ''}` : firing.length === 0 ? 'none fires' : 'some fire'
  return [
    finding('alerts', !late, detail, 'windlass up'),
    ...firing.map(({ alert, text }) => finding(alert, false, text, 'windlass alerts')),
  ]
}
