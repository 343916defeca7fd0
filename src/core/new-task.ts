// From a call of enqueue to the row that travels: every default resolved, every bound checked, the digest taken.
// Pure but for minting an id. The payload is written once, here; nobody reads or rewrites it until it runs.

import type { Codecs } from './codec.ts'
import { parseDuration, show } from './duration.ts'
import { WindlassError } from './errors.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import type { NewTask, When } from './hot-verbs.ts'
import { digestOf, mintId } from './ids.ts'
import { OPTION_CODES, PAYLOAD_CODES, toJsonText } from './json.ts'
import { cut } from './kept-error.ts'
import { checkKeys } from './keys.ts'
import { DEFAULTS, LIMITS } from './limits.ts'
import type { Keep, RetryPolicy } from './record.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY, readRetry } from './retry.ts'
import { checkName, checkPriority, readKeep, readTimeout, type TaskType } from './task-type.ts'

const OPTION_KEYS = [
  'id',
  'queue',
  'priority',
  'delay',
  'runAt',
  'expires',
  'retry',
  'timeout',
  'keep',
  'unique',
  'tags',
  'meta',
  'group',
  'traceContext',
  'tx',
  'notify',
] as const

/** What is known beside the call itself. */
export interface Enqueuer {
  readonly codecs: Codecs
  readonly payloadBytes: number
  /** Who enqueues: `client`, `cli`, `task`, … */
  readonly origin: string
  readonly parent: { readonly id: string; readonly rootId: string | null } | null
  /** Milliseconds that a bare number counts: 1 in TypeScript, 1000 in CLI and HTTP. */
  readonly bareUnit: 1 | 1_000
  /** For task types that say nothing themselves (the config's `retry` and `retention`). Default: those of limits.ts. */
  readonly defaults?: { readonly retry: RetryPolicy; readonly keep: Keep }
}

/**
 * The row for one enqueue. `payload` is a value, or JSON text that was checked already (`{ text }`).
 * @param type a definition made by defineTask, or the bare name of one that is not known here
 * @throws WindlassError for whatever is out of bounds (payload codes, `invalid_option`, `unknown_option`,
 *   `invalid_duration`, `codec_failed`); nothing was enqueued then
 */
export function buildTask(
  type: TaskType | string,
  payload: { readonly value: unknown } | { readonly text: string },
  options: EnqueueOptions,
  from: Enqueuer,
): NewTask {
  checkKeys(options, OPTION_KEYS, 'enqueue')
  checkNotify(options.notify)
  const definition = typeof type === 'string' ? null : type
  const text =
    'text' in payload ? payload.text : toJsonText(payload.value, 'payload', PAYLOAD_CODES, from.payloadBytes)
  const unit = from.bareUnit
  const fields = {
    id: options.id === undefined ? mintId() : checkName(options.id, 'id'),
    type: checkName(definition === null ? type : definition?.name, 'task type'),
    queue: checkName(options.queue ?? definition?.queue ?? DEFAULTS.queue, 'queue'),
    priority: checkPriority(options.priority ?? definition?.priority ?? DEFAULTS.priority),
    due: readDue(options, unit),
    expires: readExpires(options.expires, unit),
    unique: readUnique(options.unique, unit),
  }
  return {
    ...fields,
    ...lineageOf(fields.id, options, from),
    payload: from.codecs.encode(text, from.codecs.writer),
    payloadVersion: definition?.version ?? 1,
    codec: from.codecs.writer,
    retry: readRetry(options.retry, definition?.retry ?? from.defaults?.retry ?? DEFAULT_RETRY, unit),
    crash: DEFAULT_CRASH,
    timeout: readTimeout(options.timeout, timeoutOf(definition), unit),
    keep: keepOf(from.defaults?.keep ?? DEFAULTS.keep, definition?.keep, readKeep(options.keep, unit)),
    tags: readTags(options.tags),
    meta: readMeta(options.meta),
    digest: digestOfTask(fields, text),
    minted: options.id === undefined,
  }
}

/** The digest of CONTRACT rule 16: type, queue, priority, payload bytes, due and expiry as given, unique key. */
export function digestOfTask(
  fields: Pick<NewTask, 'type' | 'queue' | 'priority' | 'due' | 'expires' | 'unique'>,
  payloadText: string,
): string {
  const { type, queue, priority, due, expires, unique } = fields
  return digestOf([
    type,
    queue,
    priority,
    payloadText,
    JSON.stringify(due),
    JSON.stringify(expires),
    unique === null ? null : `${unique.for ?? ''}:${unique.key}`,
  ])
}

function lineageOf(id: string, options: EnqueueOptions, from: Enqueuer) {
  return {
    group: options.group === undefined ? null : checkName(options.group, 'group'),
    parentId: from.parent?.id ?? null,
    rootId: from.parent === null ? id : (from.parent.rootId ?? from.parent.id),
    traceContext: options.traceContext === undefined ? null : checkName(options.traceContext, 'traceContext'),
    origin: cut(from.origin, LIMITS.keyBytes),
  }
}

/** Shared by reference wherever nobody says more: engines know the policy of a whole batch by that. */
function keepOf(base: Keep, ofType: Partial<Keep> | undefined, own: Partial<Keep>): Keep {
  const typed = ofType === undefined || isEmpty(ofType) ? base : { ...base, ...ofType }
  return isEmpty(own) ? typed : { ...typed, ...own }
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false
  return true
}

function checkNotify(value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new WindlassError('invalid_option', `notify is true or false, not ${show(value)}`)
}

/** Null says "none"; a type that was not made by defineTask may say nothing. */
function timeoutOf(definition: Partial<TaskType> | null): number | null {
  return definition?.timeout === undefined ? DEFAULTS.timeout : definition.timeout
}

function readMeta(meta: unknown): string | null {
  if (meta === undefined || meta === null) return null
  if (typeof meta !== 'object' || Array.isArray(meta))
    throw new WindlassError('invalid_option', `meta is an object, not ${show(meta)}`)
  return toJsonText(meta, 'meta', OPTION_CODES, LIMITS.metaBytes)
}

function readDue(options: EnqueueOptions, unit: 1 | 1_000): When {
  if (options.delay !== undefined && options.runAt !== undefined) {
    throw new WindlassError('invalid_option', 'give delay or runAt, not both')
  }
  if (options.runAt !== undefined) return { at: readInstant(options.runAt, 'runAt', unit) }
  return { after: options.delay === undefined ? 0 : parseDuration(options.delay, 'delay', unit) }
}

function readExpires(value: EnqueueOptions['expires'], unit: 1 | 1_000): When | null {
  if (value === undefined) return null
  if (value instanceof Date) return { at: readInstant(value, 'expires') }
  return { after: parseDuration(value, 'expires', unit) }
}

const LAST = 253_402_300_799_999
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/**
 * An instant in ms since the epoch from a Date, ISO-8601 text (UTC unless it has an offset) or a number since the epoch;
 * years 1970 to 9999.
 * @param bareUnit milliseconds that a bare number counts, see parseDuration
 * @throws WindlassError `invalid_option`
 */
export function readInstant(value: unknown, name: string, bareUnit: 1 | 1_000 = 1): number {
  const ms = instantOf(value, bareUnit)
  if (ms >= 0 && ms <= LAST) return ms
  throw new WindlassError('invalid_option', `${name} is no time: ${show(value)}`, {
    hint: 'Give a Date, ISO-8601 text such as 2026-01-31T08:00:00Z, or a number since the epoch.',
  })
}

/** NaN for what is no instant. */
function instantOf(value: unknown, bareUnit: number): number {
  if (typeof value === 'number') return Math.round(value * bareUnit) + 0 // not −0
  if (value instanceof Date) return value.getTime()
  const match = typeof value === 'string' ? ISO.exec(value.trim()) : null
  if (match === null) return Number.NaN
  const [, year, month, day, time = '00:00', zone = 'Z'] = match
  // Date.parse takes 30 February for 2 March, and a time without an offset for the zone of this machine.
  if (new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day))
    return Number.NaN
  const [, sign = '', hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  return Date.parse(`${year}-${month}-${day}T${time}${sign === '' ? 'Z' : `${sign}${hours}:${minutes}`}`)
}

function readUnique(value: EnqueueOptions['unique'], unit: 1 | 1_000): NewTask['unique'] {
  if (value === undefined) return null
  if (typeof value === 'string') return { key: checkName(value, 'unique key'), for: null }
  checkKeys(value, ['key', 'for'], 'unique')
  return {
    key: checkName(value.key, 'unique key'),
    for: value.for === undefined ? null : parseDuration(value.for, 'unique.for', unit),
  }
}

function readTags(tags: unknown): readonly string[] {
  if (tags === undefined) return []
  if (!Array.isArray(tags) || tags.length > LIMITS.tagsPerTask) {
    throw new WindlassError('invalid_option', `tags is a list of at most ${LIMITS.tagsPerTask} texts`)
  }
  // Array.from sees holes, which map would leave open.
  return [...new Set(Array.from(tags, (tag) => checkName(tag, 'tag')))]
}
