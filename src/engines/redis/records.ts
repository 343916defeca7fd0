// From rows, bodies and what is kept beside them to records. Nothing here changes anything.

import { claimToken } from '../../core/ids.ts'
import type { KeptError, OutcomeKind, Progress, Reason, TaskRecord } from '../../core/record.ts'
import { Bodies } from './body.ts'
import type { Reply } from './link.ts'
import { FIELD, LINE, stateOf, undigits, unoptional, unword } from './words.ts'

/** The part of a row that tasks of one type share. */
interface Shape {
  readonly queue: string
  readonly type: string
  readonly timeout: number | null
  readonly keep: { readonly succeeded: number; readonly dead: number }
  readonly uniqueKey: string | null
  readonly group: string | null
  readonly parentId: string | null
}

const REMEMBERED = 2_000

/** Reads records; remembers the shapes that it has seen last. */
export class RecordReader {
  readonly bodies = new Bodies()
  readonly #shapes = new Map<string, Shape>()

  /** Records of a flat list (id, row, body, beside), from an index on; null for one that is not there. */
  readAll(list: readonly Reply[], from: number): (TaskRecord | null)[] {
    const records: (TaskRecord | null)[] = []
    for (let i = from; i + 3 < list.length; i += 4) {
      const row = String(list[i + 1])
      const id = unword(String(list[i]))
      records.push(row === '' ? null : this.read(id, row, String(list[i + 2]), String(list[i + 3])))
    }
    return records
  }

  read(id: string, row: string, body: string, beside: string): TaskRecord {
    const [hot = '', base = '', end = '', shapeText = '', ...short] = row.split(LINE)
    const { claim, ...state } = readHot(hot)
    const shape = this.shape(shapeText)
    const ending = readEnd(end, short, beside)
    return {
      id,
      ...this.bodies.unpack(id, body),
      ...shape,
      ...state,
      claim: claim === '' ? null : claimToken(claim, state.attempt),
      ...readBase(base),
      ...ending,
    }
  }

  shape(text: string): Shape {
    const known = this.#shapes.get(text)
    if (known !== undefined) return known
    const [queue = '', type = '', timeout, succeeded, dead, key = '', group = '', parent = ''] =
      text.split(FIELD)
    const shape = {
      queue: unword(queue),
      type: unword(type),
      timeout: undigits(timeout),
      keep: { succeeded: Number(succeeded), dead: Number(dead) },
      uniqueKey: unoptional(key),
      group: unoptional(group),
      parentId: unoptional(parent),
    }
    if (this.#shapes.size >= REMEMBERED) this.#shapes.clear()
    this.#shapes.set(text, shape)
    return shape
  }
}

function readHot(text: string) {
  const [code = '', place, attempt, claim = '', session = '', started, deadline, cancel] = text.split(FIELD)
  return {
    state: stateOf(code),
    place: undigits(place),
    attempt: Number(attempt),
    claim: unword(claim),
    session: session === '' ? null : unword(session),
    startedAt: undigits(started),
    deadlineAt: undigits(deadline),
    cancelRequestedAt: undigits(cancel),
  }
}

function readBase(text: string) {
  const [
    expires,
    runAt,
    created,
    until,
    priority,
    failures,
    crashes,
    losses,
    releases,
    snoozes,
    digest = '',
  ] = text.split(FIELD)
  return {
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
    digest: unword(digest),
  }
}

function readEnd(text: string, short: readonly string[], beside: string) {
  const [outcome = '', reason = '', finished, has = ''] = text.split(FIELD)
  const [error = '', progress = '', ...long] = beside === '' ? [] : beside.split(LINE)
  const result = has.includes('r') ? short.join(LINE) : has.includes('x') ? long.join(LINE) : null
  return {
    outcome: outcome === '' ? null : (outcome as OutcomeKind),
    reason: reason === '' ? null : (reason as Reason),
    finishedAt: undigits(finished),
    result,
    error: error === '' ? null : (JSON.parse(error) as KeptError),
    progress: progress === '' ? null : (JSON.parse(progress) as Progress),
  }
}
