// How a claim answers a task: what every task has in one text, what few have as JSON, and the payload. Each column of an
// answer costs the driver more than what is in it, and the table has nearly forty. What the claim itself set is not told.
// Promises the record that task-row.ts would make. Names hold no control characters, which keeps the parts apart.

import { claimToken } from '../../core/ids.ts'
import type { TaskRecord } from '../../core/record.ts'
import type { Policies, Policy } from '../sql/policies.ts'
import { taskOf, type Row, type TaskRow } from '../sql/task-row.ts'
import { RUNNING } from '../sql/words.ts'

const BETWEEN = '\u001f'
const SELDOM = [
  'policy_text',
  'grp',
  'parent_id',
  'extra',
  'unique_key',
  'unique_until',
  'expires_at',
  'cancel_at',
]
  .concat(['counters', 'outcome', 'reason', 'settled', 'result', 'error', 'progress'])
  .map((name) => `t.${name}`)
const NONE = SELDOM.map((name) => `${name} IS NULL`).join(' AND ')

/** Select list that ClaimedRows reads, `t` being the table. */
export const CLAIMED = `concat_ws(E'\\x1f', t.ctid, t.id, t.digest, t.queue, t.type, coalesce(t.root_id, ''),
    coalesce(t.origin, ''), t.rank, t.place, t.created_at, t.run_at, t.attempt, t.started_at,
    coalesce(t.policy, -1)) AS common,
  CASE WHEN t.root_id IS NOT NULL AND t.origin IS NOT NULL AND ${NONE} THEN NULL
    ELSE json_build_array(${SELDOM.join(', ')}, t.root_id, t.origin, t.timeout)::text END AS seldom, t.payload`

const NO_TAGS: readonly string[] = []

/** Where the row of a task is. */
export function placeOf([common]: Row): string {
  return (common as string).slice(0, (common as string).indexOf(BETWEEN))
}

/** The numbers of the policies of these rows. Neighbours mostly share theirs. */
export function policiesOf(rows: readonly Row[]): Set<number> {
  const found = new Set<number>()
  let last: string | null = null
  for (const [common] of rows) {
    const text = common as string
    if (last !== null && text.endsWith(last)) continue
    last = text.slice(text.lastIndexOf(BETWEEN))
    const n = numberOf(last.slice(1))
    if (n !== null) found.add(n)
  }
  return found
}

/** Reads the rows of one claim. */
export class ClaimReader {
  readonly #claimId: string
  readonly #session: string
  readonly #policies: Policies
  #attempt = 0
  #token = ''

  constructor(claimId: string, session: string, policies: Policies) {
    this.#claimId = claimId
    this.#session = session
    this.#policies = policies
  }

  /** The record of a row, whose policy must be known. */
  read([common, seldom, payload]: Row): TaskRecord {
    const v = (common as string).split(BETWEEN)
    if (seldom !== null)
      return this.#readSeldom(v, JSON.parse(seldom as string) as unknown[], payload as string)
    const policy = this.#policies.of({ policy: numberOf(v[13]), policyText: null })
    return this.#plain(v, policy, payload as string)
  }

  /** By hand, straight from the text: this is done for every task. In the order of taskOf(), so that all look alike. */
  #plain(v: readonly string[], policy: Policy, payload: string): TaskRecord {
    const attempt = Number(v[11])
    const startedAt = Number(v[12])
    const id = v[1] ?? ''
    return {
      id,
      type: v[4] ?? '',
      queue: v[3] ?? '',
      priority: 0 - Number(v[7]),
      payload,
      payloadVersion: policy.payloadVersion,
      codec: policy.codec,
      retry: policy.retry,
      crash: policy.crash,
      timeout: policy.timeout,
      keep: policy.keep,
      tags: NO_TAGS,
      meta: null,
      digest: v[2] ?? '',
      group: null,
      parentId: null,
      rootId: v[5] === '' ? id : (v[5] ?? null),
      traceContext: null,
      origin: v[6] ?? null,
      state: 'running',
      place: Number(v[8]),
      createdAt: Number(v[9]),
      runAt: Number(v[10]),
      expiresAt: null,
      startedAt,
      finishedAt: null,
      attempt,
      snoozes: 0,
      claim: this.#tokenOf(attempt),
      session: this.#session,
      deadlineAt: policy.timeout === null ? null : startedAt + policy.timeout,
      cancelRequestedAt: null,
      uniqueKey: null,
      uniqueUntil: null,
      outcome: null,
      reason: null,
      result: null,
      error: null,
      progress: null,
      failures: 0,
      crashes: 0,
      losses: 0,
      releases: 0,
    }
  }

  #readSeldom(v: readonly string[], rare: readonly unknown[], payload: string): TaskRecord {
    const row = rowOf(v, rare, this.#claimId)
    return taskOf(row, payload, this.#policies.of(row), this.#session)
  }

  /** The same text for all tasks of an attempt: they are compared with it again and again. */
  #tokenOf(attempt: number): string {
    if (this.#attempt === attempt) return this.#token
    this.#attempt = attempt
    this.#token = claimToken(this.#claimId, attempt)
    return this.#token
  }
}

/** What is null is told as such by the seldom part. */
function rowOf(v: readonly string[], rare: readonly unknown[], claim: string): TaskRow {
  const timeout = rare[17] as number | null
  const startedAt = Number(v[12])
  return {
    id: v[1] ?? '',
    digest: v[2] ?? '',
    queue: v[3] ?? '',
    type: v[4] ?? '',
    createdAt: Number(v[9]),
    group: rare[1] as string | null,
    parentId: rare[2] as string | null,
    policy: numberOf(v[13]),
    policyText: rare[0] as string | null,
    origin: rare[16] as string | null,
    rootId: rare[15] as string | null,
    extra: rare[3] as string | null,
    uniqueKey: rare[4] as string | null,
    uniqueUntil: rare[5] as number | null,
    timeout,
    state: RUNNING,
    rank: Number(v[7]),
    place: Number(v[8]),
    back: 0,
    runAt: Number(v[10]),
    expiresAt: rare[6] as number | null,
    attempt: Number(v[11]),
    claim,
    session: null,
    startedAt,
    deadlineAt: timeout === null ? null : startedAt + timeout,
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
