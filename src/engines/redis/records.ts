// From what scripts answer to records. Nothing here changes anything.
// Tasks that were enqueued or claimed together share the tail of their rows, so it is told and read once for all.

import { claimToken } from '../../core/ids.ts'
import type { KeptError, OutcomeKind, Progress, Reason, TaskRecord } from '../../core/record.ts'
import { Bodies } from './body.ts'
import type { Reply } from './link.ts'
import { FIELD, ITEM, LINE, stateOf, undigits, unoptional, unword } from './words.ts'

/** The fields of a row behind its head. */
type Tail = Omit<
  TaskRecord,
  | 'id'
  | 'state'
  | 'place'
  | 'attempt'
  | 'payload'
  | 'payloadVersion'
  | 'codec'
  | 'retry'
  | 'crash'
  | 'tags'
  | 'meta'
  | 'digest'
  | 'rootId'
  | 'traceContext'
  | 'origin'
  | 'error'
  | 'progress'
> & {
  readonly longResult: boolean
  /** What the index of a task that was enqueued with others is added to for its place. */
  readonly first: number
}

/** What is kept beside a row, or nothing. */
type Beside = Pick<TaskRecord, 'error' | 'progress' | 'result'>

const NOTHING: Beside = { error: null, progress: null, result: null }

export class RecordReader {
  readonly bodies = new Bodies()

  /** Records as lua/beside.lua answers them; null for one that is not there. */
  readAll(answer: Reply): (TaskRecord | null)[] {
    const [tailTexts, flags, ...list] = answer as readonly Reply[]
    const tails = (tailTexts as readonly string[]).map(readTail)
    const beside = readBeside(flags as readonly Reply[])
    const records: (TaskRecord | null)[] = []
    for (let i = 0; i + 1 < list.length;) {
      const head = list[i++] as string
      const ids = (list[i++] as string).split(ITEM)
      const row = head === '' ? null : rowOf(head, tails)
      for (const id of ids) {
        const found = beside?.get(records.length) ?? NOTHING
        records.push(row === null ? null : this.#record(unword(id), row, list[i++] as string, found))
      }
    }
    return records
  }

  #record(id: string, { code, place, attempt, tail }: Row, body: string, beside: Beside): TaskRecord {
    const { digest, index, policy, extra, payload } = this.bodies.unpack(id, body)
    return {
      id,
      type: tail.type,
      queue: tail.queue,
      priority: tail.priority,
      payload,
      payloadVersion: policy.payloadVersion,
      codec: policy.codec,
      retry: policy.retry,
      crash: policy.crash,
      timeout: tail.timeout,
      keep: tail.keep,
      tags: extra.tags,
      meta: extra.meta,
      digest,
      group: tail.group,
      parentId: tail.parentId,
      rootId: extra.rootId,
      traceContext: extra.traceContext,
      origin: extra.origin,
      state: stateOf(code),
      place: place === KEPT_PLACE ? tail.first + index : undigits(place),
      createdAt: tail.createdAt,
      runAt: tail.runAt,
      expiresAt: tail.expiresAt,
      startedAt: tail.startedAt,
      finishedAt: tail.finishedAt,
      attempt,
      snoozes: tail.snoozes,
      claim: tail.claim === null ? null : claimToken(tail.claim, attempt),
      session: tail.session,
      deadlineAt: tail.deadlineAt,
      cancelRequestedAt: tail.cancelRequestedAt,
      uniqueKey: tail.uniqueKey,
      uniqueUntil: tail.uniqueUntil,
      outcome: tail.outcome,
      reason: tail.reason,
      result: tail.longResult ? beside.result : tail.result,
      error: beside.error,
      progress: beside.progress,
      failures: tail.failures,
      crashes: tail.crashes,
      losses: tail.losses,
      releases: tail.releases,
    }
  }
}

/** Stands for the place that a task was enqueued with. */
const KEPT_PLACE = '='

/** What tasks whose rows are the same text have in common. */
interface Row {
  readonly code: string
  readonly place: string
  readonly attempt: number
  readonly tail: Tail
}

function rowOf(head: string, tails: readonly Tail[]): Row {
  const [code = '', place = '', attempt, number] = head.split(FIELD)
  const tail = tails[Number(number) - 1]
  if (tail === undefined) throw new Error('a record was answered without its tail')
  return { code, place, attempt: Number(attempt), tail }
}

function readTail(text: string): Tail {
  const [run = '', , base = '', ending = '', shape = '', ...short] = text.split(LINE)
  const [claim = '', session = '', started, deadline, cancel] = run.split(FIELD)
  const [expires, runAt, created, until, priority, failures, crashes, losses, releases, snoozes, , first] =
    base.split(FIELD)
  const [outcome = '', reason = '', finished, has = ''] = ending.split(FIELD)
  return {
    claim: claim === '' ? null : unword(claim),
    session: session === '' ? null : unword(session),
    startedAt: undigits(started),
    deadlineAt: undigits(deadline),
    cancelRequestedAt: undigits(cancel),
    expiresAt: undigits(expires),
    runAt: Number(runAt),
    createdAt: Number(created),
    uniqueUntil: undigits(until),
    priority: Number(priority),
    failures: Number(failures),
    crashes: Number(crashes),
    losses: Number(losses),
    releases: Number(releases),
    snoozes: Number(snoozes),
    outcome: outcome === '' ? null : (outcome as OutcomeKind),
    reason: reason === '' ? null : (reason as Reason),
    finishedAt: undigits(finished),
    result: has.includes('r') ? short.join(LINE) : null,
    longResult: has.includes('x'),
    first: Number(first),
    ...readShape(shape),
  }
}

function readShape(text: string) {
  const [queue = '', type = '', timeout, succeeded, dead, key = '', group = '', parent = ''] =
    text.split(FIELD)
  return {
    queue: unword(queue),
    type: unword(type),
    timeout: undigits(timeout),
    keep: { succeeded: Number(succeeded), dead: Number(dead) },
    uniqueKey: unoptional(key),
    group: unoptional(group),
    parentId: unoptional(parent),
  }
}

/** By the index of the record; null: no record has anything beside it. */
function readBeside(flat: readonly Reply[]): Map<number, Beside> | null {
  if (flat.length === 0) return null
  const found = new Map<number, Beside>()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [error = '', progress = '', ...result] = String(flat[i + 1]).split(LINE)
    found.set(Number(flat[i]), {
      error: error === '' ? null : (JSON.parse(error) as KeptError),
      progress: progress === '' ? null : (JSON.parse(progress) as Progress),
      result: result.join(LINE),
    })
  }
  return found
}
