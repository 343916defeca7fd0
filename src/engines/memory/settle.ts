// The verbs settle and report: how a running attempt ends, and what it tells meanwhile.
// Promises that the token alone guards a settle and that nothing changes without it (CONTRACT rules 2, 8, 9).
// What an ending means was decided in core; here it is only written down.

import type { Outcome, Report, ReportReply, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { outcomeMark } from '../../core/outcome-mark.ts'
import type { Counters, TaskRecord } from '../../core/record.ts'
import { endedAttempt, keepAttempt, keepLogs } from './attempts.ts'
import { finish } from './endings.ts'
import { enqueue } from './enqueue.ts'
import type { Row } from './row.ts'
import type { MemoryStore } from './store.ts'

export function settle(store: MemoryStore, settlements: readonly Settlement[]): SettleReply[] {
  return settlements.map((settlement) => settleOne(store, settlement))
}

function settleOne(store: MemoryStore, settlement: Settlement): SettleReply {
  const { id, claim, outcome } = settlement
  const row = store.tasks.get(id)
  if (row === undefined) return { status: 'lost', state: null, followUps: [] }
  const mark = outcomeMark(outcome)
  if (!guardHolds(store, row.task, settlement)) {
    const stands = row.settled?.claim === claim && row.settled.mark === mark
    return { status: stands ? 'already' : 'lost', state: row.task.state, followUps: [] }
  }
  write(store, row, outcome)
  row.settled = { claim, mark }
  keepLogs(row, settlement.logs)
  // After the ending: a follow-up may take the unique key that its parent has just freed.
  const followUps = enqueue(store, settlement.followUps)
  return { status: 'applied', state: row.task.state, followUps }
}

function guardHolds(store: MemoryStore, task: TaskRecord, { claim, guard }: Settlement): boolean {
  if (task.state !== 'running' || task.claim !== claim) return false
  switch (guard) {
    case 'claim':
      return true
    case 'rescue':
      return !store.isLive(task.session ?? '')
    case 'overdue':
      return task.deadlineAt !== null && task.deadlineAt <= store.now
  }
}

function write(store: MemoryStore, row: Row, outcome: Outcome): void {
  const { task } = row
  const { kind, to, reason } = outcome
  const fields: Partial<TaskRecord> = {
    ...charged(task, outcome.charge),
    outcome: kind,
    reason,
    error: outcome.error ?? task.error,
    claim: null,
    deadlineAt: null,
    cancelRequestedAt: null,
  }
  if (to === 'succeeded' || to === 'dead' || to === 'cancelled') {
    row.last = endedAttempt(row, outcome, store.now)
    const clean = to === 'succeeded' ? { result: outcome.result, error: null, reason: null } : {}
    finish(store, row, to, { ...fields, ...clean })
  } else if (task.cancelRequestedAt !== null) {
    const cancelled = { ...outcome, kind: 'cancel', reason: 'cancelled' } as const
    row.last = endedAttempt(row, cancelled, store.now)
    finish(store, row, 'cancelled', { ...fields, outcome: 'cancel', reason: 'cancelled' })
  } else {
    keepAttempt(row, endedAttempt(row, outcome, store.now))
    goOn(store, row, outcome, fields)
  }
}

/** Back to waiting: for a while with a new place afterwards, or at once at its old place. */
function goOn(store: MemoryStore, row: Row, outcome: Outcome, fields: Partial<TaskRecord>): void {
  const again =
    outcome.to === 'ready'
      ? { state: 'ready' as const }
      : { state: 'scheduled' as const, runAt: store.now + outcome.delay, place: null }
  store.change(row, { ...fields, ...again })
  store.hints.note(outcome.to === 'ready' ? 'work' : 'due', row.task.queue)
}

function charged(task: TaskRecord, charge: Outcome['charge']): Counters & Pick<TaskRecord, 'snoozes'> {
  return {
    failures: task.failures + (charge.failures ?? 0),
    crashes: task.crashes + (charge.crashes ?? 0),
    losses: task.losses + (charge.losses ?? 0),
    releases: task.releases + (charge.releases ?? 0),
    snoozes: task.snoozes + (charge.snoozes ?? 0),
  }
}

export function report(store: MemoryStore, reports: readonly Report[]): ReportReply[] {
  return reports.map(({ id, claim, progress, logs }) => {
    const row = store.tasks.get(id)
    if (row === undefined || row.task.state !== 'running' || row.task.claim !== claim)
      return { status: 'lost' }
    if (progress !== null) store.annotate(row, { progress: { ...progress } })
    keepLogs(row, logs)
    return { status: row.task.cancelRequestedAt === null ? 'ok' : 'cancel' }
  })
}
