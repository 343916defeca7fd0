// A history sorted by task: which enqueues, claims, endings and actions each task met, and when each may have happened.
// Promises that batches are taken apart and follow-ups and ticks count as enqueues. Judges nothing.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import type { ClaimRequest, EnqueueReply, NewTask, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { claimIdOf } from '../../core/ids.ts'
import type { TaskRecord } from '../../core/record.ts'
import type { Call, CallOf, CallStatus, History, Run } from './history.ts'

/** When something may have happened. */
export interface Window {
  readonly node: string
  readonly invoked: number
  readonly returned: number
  readonly at: number
  readonly until: number
  readonly status: CallStatus
}

export interface Enqueued extends Window {
  readonly task: NewTask
  readonly reply: EnqueueReply | null
}

export interface Claimed extends Window {
  readonly request: ClaimRequest
  readonly task: TaskRecord
  readonly token: string
  /** When its claim id was first asked for: the claim cannot be older. */
  readonly since: number
}

export interface Settled extends Window {
  readonly settlement: Settlement
  readonly reply: SettleReply | null
}

export interface Acted extends Window {
  readonly action: Action
  readonly reply: ActionReply | null
}

/** Everything that a history says about one task. */
export interface Life {
  readonly id: string
  readonly enqueues: Enqueued[]
  /** In the order in which they were told; a repeated claim appears again. */
  readonly claims: Claimed[]
  readonly settles: Settled[]
  readonly actions: Acted[]
  readonly runs: Run[]
  final: TaskRecord | null
}

export interface Facts {
  readonly history: History
  readonly lives: ReadonlyMap<string, Life>
  /** Position at which each claim id was first asked for. */
  readonly asked: ReadonlyMap<string, number>
}

/** Did it happen, as far as anybody was told? */
export function happened(item: Window): boolean {
  return item.status !== 'not_applied'
}

/** Sorts a history by task. */
export function factsOf(history: History): Facts {
  const lives = new Map<string, Life>()
  const asked = new Map<string, number>()
  const life = (id: string): Life => {
    const known = lives.get(id)
    if (known !== undefined) return known
    const made: Life = { id, enqueues: [], claims: [], settles: [], actions: [], runs: [], final: null }
    lives.set(id, made)
    return made
  }
  for (const call of history.calls) note(call, life, asked)
  for (const run of history.runs) life(run.id).runs.push(run)
  for (const task of history.final.tasks) life(task.id).final = task
  return { history, lives, asked }
}

function note(call: Call, life: (id: string) => Life, asked: Map<string, number>): void {
  switch (call.verb) {
    case 'enqueue':
      for (const [i, task] of call.asked.entries())
        life(task.id).enqueues.push({ ...windowOf(call), task, reply: call.told?.[i] ?? null })
      break
    case 'claim':
      return noteClaims(call, life, asked)
    case 'settle':
      for (const [i, settlement] of call.asked.entries()) {
        const reply = call.told?.[i] ?? null
        life(settlement.id).settles.push({ ...windowOf(call), settlement, reply })
        const applied = reply === null ? call.status : reply.status === 'applied' ? 'ok' : 'not_applied'
        // `already`: an earlier call of the same settlement may have enqueued them.
        const status = reply?.status === 'already' ? 'unknown' : applied
        noteTasks(call, settlement.followUps, reply?.followUps ?? [], status, life)
      }
      break
    case 'fire':
      for (const [i, firing] of call.asked.entries()) {
        const reply = call.told?.[i]
        const status = reply?.status === 'stale' ? 'not_applied' : call.status
        noteTasks(call, firing.tasks, reply?.tasks ?? [], status, life)
      }
      break
    case 'act':
      for (const [i, action] of call.asked.entries())
        life(action.id).actions.push({ ...windowOf(call), action, reply: call.told?.[i] ?? null })
      break
    default:
  }
}

function noteClaims(call: CallOf<'claim'>, life: (id: string) => Life, asked: Map<string, number>): void {
  for (const [i, request] of call.asked.entries()) {
    if (!asked.has(request.claimId)) asked.set(request.claimId, call.invoked)
    for (const task of call.told?.[i]?.tasks ?? []) {
      const token = task.claim ?? ''
      const since = asked.get(claimIdOf(token)) ?? call.invoked
      life(task.id).claims.push({ ...windowOf(call), request, task, token, since })
    }
  }
}

function noteTasks(
  call: Call,
  tasks: readonly NewTask[],
  replies: readonly EnqueueReply[],
  status: CallStatus,
  life: (id: string) => Life,
): void {
  for (const [i, task] of tasks.entries())
    life(task.id).enqueues.push({ ...windowOf(call), status, task, reply: replies[i] ?? null })
}

function windowOf({ node, invoked, returned, at, until, status }: Call): Window {
  return { node, invoked, returned, at, until, status }
}

/** The claims of a task, each token once, by attempt. */
export function tokensOf(life: Life): Claimed[] {
  const first = new Map<string, Claimed>()
  for (const one of life.claims) if (!first.has(one.token)) first.set(one.token, one)
  return [...first.values()].toSorted((a, b) => a.task.attempt - b.task.attempt || a.since - b.since)
}

/** Settlements of a token that were applied, or may have been. */
export function endingsOf(life: Life, token: string): Settled[] {
  return life.settles.filter(
    ({ settlement, status, reply }) =>
      settlement.claim === token && status !== 'not_applied' && reply?.status !== 'lost',
  )
}

/** A settlement that was told to be applied now. */
export function isApplied({ reply }: Settled): boolean {
  return reply?.status === 'applied'
}

/** Requeues that were done, or may have been. */
export function requeuesOf(life: Life): Acted[] {
  return life.actions.filter(
    ({ action, status, reply }) =>
      action.verb === 'requeue' && status !== 'not_applied' && (reply === null || reply.outcome === 'done'),
  )
}
