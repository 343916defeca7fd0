// From rows to records and back: which columns make up a task, in which order they are read, and how the packed
// ones are written. Nothing here changes a row.

import { claimToken } from '../../core/ids.ts'
import type { NewTask } from '../../core/hot-verbs.ts'
import type { KeptError, Progress, Reason, TaskRecord } from '../../core/record.ts'
import type { Row } from './connection.ts'
import type { View } from './view.ts'
import { outcomeOf, RUNNING, stateOf } from '../sql/words.ts'

/** Columns that readTask() reads, by position. Those of a waiting task come first: a claim reads only them. */
const WAITING_COLUMNS = `s.seq, s.state, s.queue, s.type, s.rank, s.created_at, s.place, s.run_at, s.expires_at,
  s.grp, s.parent_id, s.attempt, s.failures, s.crashes, s.losses, s.releases, s.snoozes, s.outcome, s.reason,
  s.error, t.id, t.digest, t.policy, t.policy_text, t.origin, t.root_id, t.extra, t.unique_key, t.unique_until,
  t.payload`
const OTHER_COLUMNS = `s.claim, s.session, s.started_at, s.deadline_at, s.cancel_at, s.finished_at, s.progress,
  s.result`

/** To be followed by WHERE … */
export const SELECT_WAITING = `SELECT ${WAITING_COLUMNS} FROM windlass_states s
  JOIN windlass_tasks t ON t.seq = s.seq`
export const TASK_COLUMNS = `${WAITING_COLUMNS}, ${OTHER_COLUMNS}`
/** How many they are: what a statement reads beyond them begins here. */
export const TASK_WIDTH = 38
export const SELECT_TASK = `SELECT ${TASK_COLUMNS} FROM windlass_states s
  JOIN windlass_tasks t ON t.seq = s.seq`

/** What is packed into one text because few tasks have it. */
interface Extra {
  readonly tags?: readonly string[]
  readonly meta?: string
  readonly trace?: string
}

/** The fields of an attempt that runs, or null ones. */
export interface Running {
  readonly claim: string | null
  readonly session: string | null
  readonly startedAt: number | null
  readonly deadlineAt: number | null
  readonly cancelRequestedAt: number | null
  readonly finishedAt: number | null
  readonly progress: Progress | null
  readonly result: string | null
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

export function rootOf({ id, rootId }: NewTask): string | null {
  return rootId === id ? SELF : rootId
}

/** A whole record from a row of SELECT_TASK. */
export function readTask(view: View, row: Row): TaskRecord {
  const state = row[1] as number
  const claim = row[30] as string | null
  const session = row[31] as number | null
  return taskOf(view, row, {
    claim: state === RUNNING && claim !== null ? claimToken(claim, row[11] as number) : null,
    session: view.worker(session)?.session ?? null,
    startedAt: row[32] as number | null,
    deadlineAt: row[33] as number | null,
    cancelRequestedAt: row[34] as number | null,
    finishedAt: row[35] as number | null,
    progress: parse(row[36]) as Progress | null,
    result: row[37] as string | null,
  })
}

/** A record from a row of SELECT_WAITING (or SELECT_TASK) and the fields beyond it. */
export function taskOf(
  view: View,
  row: Row,
  running: Running,
  state: number = row[1] as number,
  attempt: number = row[11] as number,
): TaskRecord {
  const id = row[20] as string
  const rootId = row[25] as string | null
  const extra = parse(row[26]) as Extra | null
  const policy = view.policy(row[22] as number | null, row[23] as string | null)
  return {
    id,
    type: row[3] as string,
    queue: row[2] as string,
    priority: 0 - (row[4] as number),
    payload: row[29] as string,
    payloadVersion: policy.payloadVersion,
    codec: policy.codec,
    retry: policy.retry,
    crash: policy.crash,
    timeout: policy.timeout,
    keep: policy.keep,
    tags: extra?.tags ?? NO_TAGS,
    meta: extra?.meta ?? null,
    digest: row[21] as string,
    group: row[9] as string | null,
    parentId: row[10] as string | null,
    rootId: rootId === SELF ? id : rootId,
    traceContext: extra?.trace ?? null,
    origin: row[24] as string | null,
    state: stateOf(state),
    place: row[6] as number | null,
    createdAt: row[5] as number,
    runAt: row[7] as number,
    expiresAt: row[8] as number | null,
    startedAt: running.startedAt,
    finishedAt: running.finishedAt,
    attempt,
    snoozes: row[16] as number,
    claim: running.claim,
    session: running.session,
    deadlineAt: running.deadlineAt,
    cancelRequestedAt: running.cancelRequestedAt,
    uniqueKey: row[27] as string | null,
    uniqueUntil: row[28] as number | null,
    outcome: outcomeOf(row[17] as number | null),
    reason: row[18] as Reason | null,
    result: running.result,
    error: parse(row[19]) as KeptError | null,
    progress: running.progress,
    failures: row[12] as number,
    crashes: row[13] as number,
    losses: row[14] as number,
    releases: row[15] as number,
  }
}

function parse(text: Row[number] | undefined): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null
}
