// How a claim answers a task: what every task has in one text, what few have as JSON, and the payload. Each column of an
// answer costs the driver more than what is in it, and the table has nearly forty.
// Promises the row that task-row.ts would read. Names hold no control characters, which keeps the parts apart.

import type { Row, TaskRow } from '../sql/task-row.ts'
import { RUNNING } from '../sql/words.ts'

/** A claimed row, its payload, and where it is. */
export interface ClaimedRow {
  readonly row: TaskRow
  readonly payload: string
  readonly tid: string
}

const BETWEEN = '\u001f'
const SELDOM = `t.policy_text, t.grp, t.parent_id, t.extra, t.unique_key, t.unique_until, t.expires_at, t.cancel_at,
    t.counters, t.outcome, t.reason, t.settled, t.result, t.error, t.progress`

/** Select list that claimedRow() reads, `t` being the table; the session is known to who asks. */
export const CLAIMED = `concat_ws(E'\\x1f', t.ctid, t.id, t.digest, t.queue, t.type, t.claim, coalesce(t.root_id, ''),
    coalesce(t.origin, ''), t.rank, t.place, t.created_at, t.run_at, t.attempt, t.started_at, coalesce(t.policy, -1),
    coalesce(t.timeout, -1), coalesce(t.deadline_at, -1)) AS common,
  CASE WHEN num_nulls(t.root_id, t.origin) = 0 AND num_nonnulls(${SELDOM}) = 0 THEN NULL
    ELSE json_build_array(${SELDOM}, t.root_id, t.origin)::text END AS seldom, t.payload`

const NOTHING: readonly null[] = Array.from({ length: 15 }, () => null)

/** Reads a row of CLAIMED. */
export function claimedRow([common, seldom, payload]: Row): ClaimedRow {
  const v = (common as string).split(BETWEEN)
  const row = rowOf(v, seldom === null ? NOTHING : (JSON.parse(seldom as string) as unknown[]))
  return { row, payload: payload as string, tid: v[0] ?? '' }
}

function rowOf(v: readonly string[], rare: readonly unknown[]): TaskRow {
  return {
    id: v[1] ?? '',
    digest: v[2] ?? '',
    queue: v[3] ?? '',
    type: v[4] ?? '',
    createdAt: Number(v[10]),
    group: rare[1] as string | null,
    parentId: rare[2] as string | null,
    policy: numberOf(v[14]),
    policyText: rare[0] as string | null,
    // What is null is told as such by the seldom part.
    origin: rare.length > 15 ? (rare[16] as string | null) : (v[7] ?? null),
    rootId: rare.length > 15 ? (rare[15] as string | null) : (v[6] ?? null),
    extra: rare[3] as string | null,
    uniqueKey: rare[4] as string | null,
    uniqueUntil: rare[5] as number | null,
    timeout: numberOf(v[15]),
    state: RUNNING,
    rank: Number(v[8]),
    place: Number(v[9]),
    back: 0,
    runAt: Number(v[11]),
    expiresAt: rare[6] as number | null,
    attempt: Number(v[12]),
    claim: v[5] ?? null,
    session: null,
    startedAt: Number(v[13]),
    deadlineAt: numberOf(v[16]),
    cancelAt: rare[7] as number | null,
    counters: rare[8] as string | null,
    outcome: rare[9] as number | null,
    reason: rare[10] as string | null,
    settled: rare[11] as string | null,
    result: rare[12] as string | null,
    error: rare[13] as string | null,
    progress: rare[14] as string | null,
    finishedAt: null,
    kept: null,
  }
}

/** Minus one stands for nothing. */
function numberOf(text: string | undefined): number | null {
  return text === undefined || text === '-1' ? null : Number(text)
}
