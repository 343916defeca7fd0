// A task as an SQL server keeps it: one wide row, the same in the table of waiting and running tasks and in the one of
// finished tasks. Owns the columns, their order and the way between row and record.
// Promises that payloads and results pass untouched. Leaves what changes a row to the verbs.

import { claimToken } from '../../core/ids.ts'
import type { NewTask, When } from '../../core/hot-verbs.ts'
import type { KeptError, Progress, Reason, TaskRecord } from '../../core/record.ts'
import type { Policy } from './policies.ts'
import { outcomeOf, READY, RUNNING, SCHEDULED, stateOf, type StateCode } from './words.ts'

/** A row without its payload, which no verb but a claim or a reader needs. */
export interface TaskRow {
  readonly id: string
  readonly digest: string
  readonly queue: string
  readonly type: string
  readonly createdAt: number
  readonly group: string | null
  readonly parentId: string | null
  readonly policy: number | null
  readonly policyText: string | null
  readonly origin: string | null
  readonly rootId: string | null
  readonly extra: string | null
  readonly uniqueKey: string | null
  readonly uniqueUntil: number | null
  /** Longest run of one attempt; also in the policy, but a claim computes deadlines where the row is. */
  readonly timeout: number | null
  state: StateCode
  /** Minus the priority: what is claimed first sorts first. */
  rank: number
  place: number | null
  /** Ready again at its old place: found through an index of its own. */
  back: number
  runAt: number
  expiresAt: number | null
  attempt: number
  /** Claim id of the running or the last attempt. */
  claim: string | null
  session: number | null
  startedAt: number | null
  deadlineAt: number | null
  cancelAt: number | null
  /** Counters packed by packCounters(); null: all 0. */
  counters: string | null
  outcome: number | null
  reason: string | null
  /** Token and mark of the last settlement; null also for a plain success, which the row itself tells. */
  settled: string | null
  result: string | null
  error: string | null
  progress: string | null
  finishedAt: number | null
  /** How long it is kept after its end. */
  kept: number | null
}

export type ColumnType = 'text' | 'small' | 'int' | 'big'

interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly field: keyof TaskRow
}

function column(name: string, type: ColumnType, field: keyof TaskRow): Column {
  return { name, type, field }
}

/** What the enqueue fixes; `payload` comes on top. */
export const FIXED: readonly Column[] = [
  column('id', 'text', 'id'),
  column('digest', 'text', 'digest'),
  column('queue', 'text', 'queue'),
  column('type', 'text', 'type'),
  column('created_at', 'big', 'createdAt'),
  column('grp', 'text', 'group'),
  column('parent_id', 'text', 'parentId'),
  column('policy', 'int', 'policy'),
  column('policy_text', 'text', 'policyText'),
  column('origin', 'text', 'origin'),
  column('root_id', 'text', 'rootId'),
  column('extra', 'text', 'extra'),
  column('unique_key', 'text', 'uniqueKey'),
  column('unique_until', 'big', 'uniqueUntil'),
  column('timeout', 'big', 'timeout'),
]

/** What a task's life changes. */
export const CHANGING: readonly Column[] = [
  column('state', 'small', 'state'),
  column('rank', 'small', 'rank'),
  column('place', 'big', 'place'),
  column('back', 'small', 'back'),
  column('run_at', 'big', 'runAt'),
  column('expires_at', 'big', 'expiresAt'),
  column('attempt', 'int', 'attempt'),
  column('claim', 'text', 'claim'),
  column('session', 'int', 'session'),
  column('started_at', 'big', 'startedAt'),
  column('deadline_at', 'big', 'deadlineAt'),
  column('cancel_at', 'big', 'cancelAt'),
  column('counters', 'text', 'counters'),
  column('outcome', 'small', 'outcome'),
  column('reason', 'text', 'reason'),
  column('settled', 'text', 'settled'),
  column('result', 'text', 'result'),
  column('error', 'text', 'error'),
  column('progress', 'text', 'progress'),
  column('finished_at', 'big', 'finishedAt'),
  column('kept', 'big', 'kept'),
]

const COLUMNS: readonly Column[] = [...FIXED, ...CHANGING]

/** Select list that rowOf() reads, `t` being the table. A payload may follow at PAYLOAD. */
export const ROW_COLUMNS = COLUMNS.map(({ name }) => `t.${name}`).join(', ')
/** Position of what is selected behind ROW_COLUMNS. */
export const ROW_WIDTH = COLUMNS.length

/** A row as a driver answers it: by position. */
export type Row = readonly unknown[]

/** Reads a row of ROW_COLUMNS. By hand, column by column: this is done for every task that is claimed. */
export function rowOf(v: Row): TaskRow {
  return {
    id: v[0] as string,
    digest: v[1] as string,
    queue: v[2] as string,
    type: v[3] as string,
    createdAt: v[4] as number,
    group: v[5] as string | null,
    parentId: v[6] as string | null,
    policy: v[7] as number | null,
    policyText: v[8] as string | null,
    origin: v[9] as string | null,
    rootId: v[10] as string | null,
    extra: v[11] as string | null,
    uniqueKey: v[12] as string | null,
    uniqueUntil: v[13] as number | null,
    timeout: v[14] as number | null,
    state: v[15] as StateCode,
    rank: v[16] as number,
    place: v[17] as number | null,
    back: v[18] as number,
    runAt: v[19] as number,
    expiresAt: v[20] as number | null,
    attempt: v[21] as number,
    claim: v[22] as string | null,
    session: v[23] as number | null,
    startedAt: v[24] as number | null,
    deadlineAt: v[25] as number | null,
    cancelAt: v[26] as number | null,
    counters: v[27] as string | null,
    outcome: v[28] as number | null,
    reason: v[29] as string | null,
    settled: v[30] as string | null,
    result: v[31] as string | null,
    error: v[32] as string | null,
    progress: v[33] as string | null,
    finishedAt: v[34] as number | null,
    kept: v[35] as number | null,
  }
}

/** The same where somebody else has set up the driver, which may answer large numbers as text. */
export function foreignRowOf(values: Row): TaskRow {
  const numbered = COLUMNS.map(({ type }, i) => {
    const value = values[i] ?? null
    return type !== 'text' && typeof value === 'string' ? Number(value) : value
  })
  return rowOf(numbered)
}

/** Counters as they are packed: failures, crashes, losses, releases, snoozes. */
export function packCounters(counts: readonly number[]): string | null {
  return counts.some((count) => count > 0) ? counts.join(',') : null
}

/** Failures, crashes, losses, releases, snoozes. */
export function unpackCounters(text: string | null): [number, number, number, number, number] {
  if (text === null) return [0, 0, 0, 0, 0]
  const [f = 0, c = 0, l = 0, r = 0, s = 0] = text.split(',').map(Number)
  return [f, c, l, r, s]
}

/** What is packed into one text because few tasks have it. */
interface Extra {
  readonly tags?: readonly string[]
  readonly meta?: string
  readonly trace?: string
}

const NO_TAGS: readonly string[] = []
/** Stands for "its own id" in root_id: most tasks are their own root. */
const SELF = ''

/** Text of what few tasks have; null for nothing. */
export function extraOf({ tags, meta, traceContext }: NewTask): string | null {
  if (tags.length === 0 && meta === null && traceContext === null) return null
  const extra: Extra = {
    ...(tags.length > 0 && { tags }),
    ...(meta !== null && { meta }),
    ...(traceContext !== null && { trace: traceContext }),
  }
  return JSON.stringify(extra)
}

/** The root as it is written. */
export function rootOf({ id, rootId }: NewTask): string | null {
  return rootId === id ? SELF : rootId
}

/** The instant that a caller's time means. */
export function instantOf(when: When, now: number): number {
  return 'at' in when ? when.at : now + when.after
}

/** A new row; `place` is null for a task that is not due. */
export function newRow(
  task: NewTask,
  now: number,
  place: number | null,
  policy: { readonly n: number | null; readonly text: string | null },
): TaskRow {
  const { unique } = task
  return {
    id: task.id,
    digest: task.digest,
    queue: task.queue,
    type: task.type,
    createdAt: now,
    group: task.group,
    parentId: task.parentId,
    policy: policy.n,
    policyText: policy.text,
    origin: task.origin,
    rootId: rootOf(task),
    extra: extraOf(task),
    uniqueKey: unique?.key ?? null,
    uniqueUntil: unique === null || unique.for === null ? null : now + unique.for,
    timeout: task.timeout,
    state: place === null ? SCHEDULED : READY,
    rank: 0 - task.priority,
    place,
    back: 0,
    runAt: instantOf(task.due, now),
    expiresAt: task.expires === null ? null : instantOf(task.expires, now),
    attempt: 0,
    claim: null,
    session: null,
    startedAt: null,
    deadlineAt: null,
    cancelAt: null,
    counters: null,
    outcome: null,
    reason: null,
    settled: null,
    result: null,
    error: null,
    progress: null,
    finishedAt: null,
    kept: null,
  }
}

/** Token of the running or last attempt; null before the first claim. */
export function tokenOf({ claim, attempt }: Pick<TaskRow, 'claim' | 'attempt'>): string | null {
  return claim === null ? null : claimToken(claim, attempt)
}

/** The record that readers see. `session` is the id behind the row's number. */
export function taskOf(row: TaskRow, payload: string, policy: Policy, session: string | null): TaskRecord {
  const [failures, crashes, losses, releases, snoozes] = unpackCounters(row.counters)
  const extra = parse(row.extra) as Extra | null
  return {
    id: row.id,
    type: row.type,
    queue: row.queue,
    priority: 0 - row.rank,
    payload,
    payloadVersion: policy.payloadVersion,
    codec: policy.codec,
    retry: policy.retry,
    crash: policy.crash,
    timeout: policy.timeout,
    keep: policy.keep,
    tags: extra?.tags ?? NO_TAGS,
    meta: extra?.meta ?? null,
    digest: row.digest,
    group: row.group,
    parentId: row.parentId,
    rootId: row.rootId === SELF ? row.id : row.rootId,
    traceContext: extra?.trace ?? null,
    origin: row.origin,
    state: stateOf(row.state),
    place: row.place,
    createdAt: row.createdAt,
    runAt: row.runAt,
    expiresAt: row.expiresAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    attempt: row.attempt,
    snoozes,
    claim: row.state === RUNNING ? tokenOf(row) : null,
    session,
    deadlineAt: row.deadlineAt,
    cancelRequestedAt: row.cancelAt,
    uniqueKey: row.uniqueKey,
    uniqueUntil: row.uniqueUntil,
    outcome: outcomeOf(row.outcome),
    reason: row.reason as Reason | null,
    result: row.result,
    error: parse(row.error) as KeptError | null,
    progress: parse(row.progress) as Progress | null,
    failures,
    crashes,
    losses,
    releases,
  }
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}
