// enqueue, claim, settle and report as calls of scripts: what travels, and what the answers mean.

import type {
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  NewTask,
  Report,
  ReportReply,
  Settlement,
  SettleReply,
} from '../../core/hot-verbs.ts'
import { outcomeMark } from '../../core/outcome-mark.ts'
import type { LogLine, TaskRecord } from '../../core/record.ts'
import type { Reply } from './link.ts'
import { encodeOne, encodeTasks, enqueueReplies, isPlain } from './new-tasks.ts'
import { inParts, type Store } from './store.ts'
import { codeOf, ITEM, stateOf, undigits, word } from './words.ts'

export async function enqueue(store: Store, tasks: readonly NewTask[]): Promise<EnqueueReply[]> {
  const [first] = tasks
  if (first !== undefined && tasks.length === 1 && isPlain(first)) {
    const [created] = await store.run('enqueue-one', encodeOne(first, store.reader.bodies))
    if (created === 1) return enqueueReplies(tasks, null)
  }
  return inParts(tasks, async (part) =>
    enqueueReplies(part, await store.run('enqueue', encodeTasks(part, store.reader.bodies))),
  )
}

// ── claim ───────────────────────────────────────────────────────────────────────────────────────────────────

/** How often a claim goes on over entries that are stale, before it says that there is more. */
const TRIES = 20

export async function claim(store: Store, requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
  if (requests.length === 0) return []
  const args = [String(requests.length), ...requests.flatMap(claimArgs)]
  const answers = await store.run('claim', args)
  const replies: ClaimReply[] = []
  for (const [i, request] of requests.entries()) {
    let answer = answers[i] as readonly Reply[]
    // Nothing was taken yet, so asking again under the same id repeats nothing.
    for (let tries = 1; answer[3] === 1 && tries < TRIES; tries++) {
      const [next] = await store.run('claim', ['1', ...claimArgs(request)])
      answer = next as readonly Reply[]
    }
    replies.push(claimReply(store, request, answer))
  }
  return replies
}

function claimArgs({ session, claimId, limit, queues }: ClaimRequest): string[] {
  const names = queues?.map(word) ?? []
  return [word(session), word(claimId), String(limit), String(queues === null ? -1 : names.length), ...names]
}

function claimReply(store: Store, { queues }: ClaimRequest, answer: readonly Reply[]): ClaimReply {
  const [live, more, wait, , replayed, records = []] = answer
  if (live !== 1) return { live: false, tasks: [], more: false, nextDueIn: null }
  const tasks = store.reader.readAll(records).filter((task) => task !== null)
  return {
    live: true,
    tasks: replayed === 1 ? tasks.toSorted(byClaim(queues)) : tasks,
    more: more === 1,
    nextDueIn: undigits(String(wait)),
  }
}

/** The order in which a claim takes. */
function byClaim(queues: readonly string[] | null): (a: TaskRecord, b: TaskRecord) => number {
  const turn = (task: TaskRecord): number => (queues === null ? 0 : queues.indexOf(task.queue))
  return (a, b) => turn(a) - turn(b) || b.priority - a.priority || (a.place ?? 0) - (b.place ?? 0)
}

// ── settle ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Results up to this many characters (bytes may be three times as many) may stand in the row. */
const SHORT_RESULT = 20
const STATUSES = { a: 'applied', y: 'already', l: 'lost' } as const
const GUARDS = { claim: 'c', rescue: 'r', overdue: 'o' } as const

export async function settle(
  store: Store,
  settlements: readonly Settlement[],
  quiet: boolean,
): Promise<SettleReply[]> {
  return inParts(
    settlements,
    async (part) => settleReplies(part, await store.run('settle', settleArgs(store, part), quiet)),
    ({ followUps }) => 1 + followUps.length,
  )
}

/** Plain successes in a row that are alike travel as one. */
function settleArgs(store: Store, settlements: readonly Settlement[]): string[] {
  const args: string[] = []
  let parts = 0
  for (let at = 0; at < settlements.length; parts++) {
    const first = settlements[at]
    if (first === undefined) break
    if (isPlainEnding(first)) {
      const ids = alikeFrom(settlements, at, first)
      const { claim: token, outcome } = first
      args.push('p', word(token), word(outcomeMark(outcome)), outcome.result ?? '', ids.join(ITEM))
      at += ids.length
    } else {
      args.push(...wholeArgs(store, first))
      at++
    }
  }
  return [String(parts), ...args]
}

/** The ids of the settlements from one on that differ in nothing else. */
function alikeFrom(
  settlements: readonly Settlement[],
  from: number,
  { claim, outcome }: Settlement,
): string[] {
  const ids: string[] = []
  for (let at = from; at < settlements.length; at++) {
    const next = settlements[at]
    if (next === undefined || next.claim !== claim) break
    if (next.outcome !== outcome && (!isPlainEnding(next) || next.outcome.result !== outcome.result)) break
    ids.push(word(next.id))
  }
  return ids
}

function wholeArgs(
  store: Store,
  { id, claim: token, guard, outcome, logs, followUps }: Settlement,
): string[] {
  const { kind, to, delay, charge, reason, result, error, warnings } = outcome
  const { failures = 0, crashes = 0, losses = 0, releases = 0, snoozes = 0 } = charge
  const follow = followUps.length === 0 ? [] : encodeTasks(followUps, store.reader.bodies)
  return [
    'f',
    word(id),
    word(token),
    GUARDS[guard],
    word(outcomeMark(outcome)),
    codeOf(to),
    String(delay),
    kind,
    reason ?? '',
    result === null ? '-' : `+${result}`,
    error === null ? '' : JSON.stringify(error),
    JSON.stringify({ error, warnings }),
    warnings.length > 0 ? '1' : '',
    ...[failures, crashes, losses, releases, snoozes].map(String),
    ...logArgs(logs),
    String(follow.length),
    ...follow,
  ]
}

/** Most endings: a success that says no more than a short result. */
function isPlainEnding({ guard, outcome, logs, followUps }: Settlement): boolean {
  const { kind, to, charge, reason, result, error, warnings } = outcome
  if (kind !== 'succeed' || to !== 'succeeded' || guard !== 'claim') return false
  if (result === null || result.length > SHORT_RESULT || reason !== null || error !== null) return false
  for (const _ in charge) return false
  return outcome.delay === 0 && warnings.length === 0 && logs.length === 0 && followUps.length === 0
}

const NO_REPLIES: readonly EnqueueReply[] = []

/** What is not told otherwise was applied and succeeded. */
function settleReplies(settlements: readonly Settlement[], flat: readonly Reply[]): SettleReply[] {
  const replies = settlements.map((): SettleReply => ({
    status: 'applied',
    state: 'succeeded',
    followUps: NO_REPLIES,
  }))
  for (let i = 0; i + 3 < flat.length; i += 4) {
    const index = Number(flat[i])
    const status = STATUSES[flat[i + 1] as keyof typeof STATUSES]
    const code = String(flat[i + 2])
    const followUps = status === 'applied' ? (settlements[index]?.followUps ?? []) : []
    replies[index] = {
      status,
      state: code === '' ? null : stateOf(code),
      followUps: enqueueReplies(followUps, flat[i + 3] ?? null),
    }
  }
  return replies
}

function logArgs(logs: readonly LogLine[]): string[] {
  return [String(logs.length), ...logs.flatMap(({ at, level, message }) => [String(at), level, message])]
}

// ── report ──────────────────────────────────────────────────────────────────────────────────────────────────

const REPORTED = { o: 'ok', c: 'cancel', l: 'lost' } as const

export async function report(store: Store, reports: readonly Report[]): Promise<ReportReply[]> {
  return inParts(reports, async (part) => {
    const args = part.flatMap(({ id, claim: token, progress, logs }) => [
      word(id),
      word(token),
      progress === null ? '' : JSON.stringify(progress),
      ...logArgs(logs),
    ])
    const answers = await store.run('report', [String(part.length), ...args])
    return answers.map((answer) => ({ status: REPORTED[answer as keyof typeof REPORTED] }))
  })
}
