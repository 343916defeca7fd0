// One verb for every task that fits a filter: page by page, at most 1,000 tasks a call, or only counted (`dryRun`).
// Promises that tasks which are created meanwhile are not meant, and that a run which was cut off can be repeated.
// Leaves what a verb does to one task to the engine.

import type { Action, ActionReply, TaskFilter, TaskPage } from '../core/cold-verbs.ts'
import { show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import type { TaskState } from '../core/record.ts'
import { readFilter, type FindOptions } from './find-options.ts'
import { repeat, type Ground } from './repeat.ts'

export type BulkVerb = 'cancel' | 'retry' | 'delete'

export interface BulkOptions {
  readonly verb: BulkVerb
  /** At least one member. Without `state`: the states that the verb has a meaning for. */
  readonly filter: Omit<FindOptions, 'id' | 'limit' | 'cursor'>
  /** Only count. */
  readonly dryRun?: boolean
}

export interface BulkJson {
  readonly verb: BulkVerb
  readonly dry_run: boolean
  /** Tasks that fit. */
  readonly matched: number
  /** Done, or for a running task: told to stop. */
  readonly done: number
  /** The state did not allow it (any more), or its unique key is held by another task. */
  readonly refused: number
  /** The first of them, newest first. */
  readonly ids: readonly string[]
  /** A search for text stopped at its row limit: older tasks were not looked at. */
  readonly partial: boolean
}

const KEYS = ['verb', 'filter', 'dryRun'] as const satisfies (keyof BulkOptions)[]
const VERBS: readonly BulkVerb[] = ['cancel', 'retry', 'delete']
const SHOWN = 10

const STATES: Readonly<Record<BulkVerb, readonly TaskState[]>> = {
  cancel: ['scheduled', 'ready', 'running'],
  retry: ['dead', 'cancelled'],
  delete: ['succeeded', 'dead', 'cancelled'],
}

/** Runs it to the end. @throws WindlassError `unknown_option`, `invalid_option`, or what the engine says */
export async function runBulk(ground: Ground, options: BulkOptions): Promise<BulkJson> {
  const { verb, wanted, dryRun } = readOptions(options)
  // Tasks enqueued after this moment are not meant.
  const end = (await repeat(ground, (engine) => engine.now())) + 1
  const createdTo = Math.min(end, wanted.createdTo ?? end)
  const sum = { matched: 0, done: 0, refused: 0, partial: false }
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const filter: TaskFilter = { ...wanted, createdTo, limit: LIMITS.page, cursor }
    const page: TaskPage = await repeat(ground, (engine) => engine.records.find(filter))
    const found = page.tasks.map((task) => task.id)
    ids.push(...found.slice(0, SHOWN - ids.length))
    sum.matched += found.length
    sum.partial ||= page.partial
    if (!dryRun) {
      const done = await act(ground, verb, found)
      sum.done += done
      sum.refused += found.length - done
    }
    cursor = page.next
  } while (cursor !== null)
  return { verb, dry_run: dryRun, ...sum, ids }
}

/** Answers how many were done. */
async function act(ground: Ground, verb: BulkVerb, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0
  const actions = ids.map((id): Action => ({ verb: verb === 'retry' ? 'requeue' : verb, id }))
  const [replies, doubt] = await repeat(
    ground,
    async (engine, doubt) => [await engine.records.act(actions), doubt] as const,
  )
  return replies.filter((reply) => isDone(verb, reply, doubt)).length
}

/** @param doubt an earlier try may have been applied: then a refusal because of its effect is a success */
function isDone(verb: BulkVerb, { outcome, state }: ActionReply, doubt: boolean): boolean {
  if (outcome === 'done' || outcome === 'requested') return true
  if (!doubt) return false
  if (verb === 'delete') return outcome === 'not_found'
  return verb === 'cancel' ? state === 'cancelled' : state === 'ready' || state === 'running'
}

function readOptions(options: BulkOptions): { verb: BulkVerb; wanted: TaskFilter; dryRun: boolean } {
  checkKeys(options, KEYS, 'bulk')
  const { verb, filter, dryRun = false } = options
  if (!VERBS.includes(verb))
    throw new WindlassError('invalid_option', `bulk has no verb ${show(verb)}; known: ${VERBS.join(', ')}`)
  checkKeys(filter, FILTER_KEYS, 'filter')
  const wanted = readFilter(filter)
  if (Object.values(filter).every((value) => value === undefined || value === ''))
    throw new WindlassError('invalid_option', 'bulk needs a filter: it never means every task of the store', {
      hint: 'Say at least a state, a queue or a type.',
    })
  return { verb, wanted: { states: STATES[verb], ...wanted }, dryRun }
}

const FILTER_KEYS = [
  'state',
  'queue',
  'type',
  'tag',
  'text',
  'group',
  'parentId',
  'createdFrom',
  'createdTo',
] as const satisfies (keyof BulkOptions['filter'])[]
