// A schedule: what its caller may say, checked and with every default resolved, and the body under which stores keep it.
// The task is built when the schedule is put, so that any scheduler can fire it without task code or codecs. Leaves
// when ticks are to schedule-rule.ts and what one becomes to schedule-tick.ts.

import { checkInput } from './check-input.ts'
import { parseDuration, show, type Duration } from './duration.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import { WindlassError } from './errors.ts'
import type { NewTask } from './hot-verbs.ts'
import { digestOf } from './ids.ts'
import { checkJsonText, PAYLOAD_CODES, toJsonText } from './json.ts'
import { checkKeys } from './keys.ts'
import { LIMITS } from './limits.ts'
import { buildTask, type Enqueuer } from './new-task.ts'
import { readRule, RULE_KEYS, type Rule, type RuleOptions } from './schedule-rule.ts'
import { readMissed, type Missed, type MissedRule } from './schedule-ticks.ts'
import { checkName, type TaskType } from './task-type.ts'

/** What a tick does while the task of an earlier one has not ended: run beside it, be skipped, or wait for its end. */
export type Overlap = 'allow' | 'skip' | 'queue'

/** The options of the task of each tick. */
type TaskOptions = Pick<
  EnqueueOptions,
  'queue' | 'priority' | 'expires' | 'retry' | 'timeout' | 'keep' | 'tags' | 'meta'
>

/** What may be said of a schedule. Bare numbers are milliseconds in TypeScript. */
export interface ScheduleOptions<I = unknown> extends RuleOptions, TaskOptions {
  /** A definition, or the name of one. */
  readonly task: TaskType<I> | string
  readonly payload?: I
  /** For ticks later than `grace`, after a stop of all schedulers. Default `once`. */
  readonly missed?: Missed
  /** Default 1 min. */
  readonly grace?: Duration
  /** Default `allow`. `queue`: one waits at most; ticks that come meanwhile are skipped. */
  readonly overlap?: Overlap
  /** Each task is due up to this long after its tick: how long is drawn from name and tick. Default 0. */
  readonly jitter?: Duration
  /** Put as paused; afterwards `pause` and `resume` say it. Default false. */
  readonly paused?: boolean
}

const TASK_KEYS = ['queue', 'priority', 'expires', 'retry', 'timeout', 'keep', 'tags', 'meta'] as const
const SCHEDULE_KEYS: readonly string[] = [
  ...RULE_KEYS,
  ...TASK_KEYS,
  'task',
  'payload',
  'missed',
  'grace',
  'overlap',
  'jitter',
  'paused',
]

/** The parts of a task that all ticks share. */
export type TaskTemplate = Pick<
  NewTask,
  | 'type'
  | 'queue'
  | 'priority'
  | 'payload'
  | 'payloadVersion'
  | 'codec'
  | 'retry'
  | 'crash'
  | 'timeout'
  | 'keep'
  | 'tags'
  | 'meta'
  | 'expires'
>

/** How ticks come and what they do, without the task. */
export interface Timing extends MissedRule {
  readonly rule: Rule
  readonly overlap: Overlap
  readonly jitter: number
}

/** A schedule as it is stored. */
export interface Schedule extends Timing {
  /** Who put it: `config`, or who enqueues (`client`, `cli`). */
  readonly origin: string
  readonly task: TaskTemplate
  /** Of all that was said; two schedules with one digest are the same. */
  readonly digest: string
}

const VERSION = 1
const GRACE = 60_000
const OVERLAPS: ReadonlySet<Overlap> = new Set(['allow', 'skip', 'queue'])
/** The body is written with every put and read with every tick. */
const MOST_PAYLOAD = LIMITS.documentBytes / 2

/**
 * A name: ids of tasks are made of it.
 * @throws WindlassError `invalid_option`
 */
export function checkScheduleName(name: unknown): string {
  const checked = checkName(name, 'name of a schedule')
  if (Buffer.byteLength(checked) <= LIMITS.scheduleNameBytes) return checked
  throw new WindlassError(
    'invalid_option',
    `the name of a schedule is at most ${LIMITS.scheduleNameBytes} bytes long`,
  )
}

/** Names that begin so are those of the schedules that come with Windlass. */
const BUILT_IN_PREFIX = 'windlass.'

/**
 * A name that whoever uses Windlass may give a schedule.
 * @throws WindlassError `invalid_option`
 */
export function checkOwnName(name: unknown): string {
  const checked = checkScheduleName(name)
  if (!checked.startsWith(BUILT_IN_PREFIX)) return checked
  throw new WindlassError(
    'invalid_option',
    `names of schedules that begin with ${BUILT_IN_PREFIX} are kept for those that come with Windlass`,
  )
}

/**
 * All that does not need the task's type: known keys, rule, policies.
 * @param bareUnit milliseconds that a bare number counts, see parseDuration
 * @throws WindlassError `unknown_option`, `invalid_option`, `invalid_schedule`, `invalid_duration`
 */
export function readTiming(options: ScheduleOptions, bareUnit: 1 | 1_000): Timing {
  checkKeys(options, SCHEDULE_KEYS, 'schedule')
  const { missed = 'once', grace = GRACE, overlap = 'allow', jitter = 0, paused = false, expires } = options
  const task: unknown = options.task
  if ((typeof task !== 'string' && typeof task !== 'object') || task === null || task === '')
    throw new WindlassError('invalid_schedule', `task is a task type or its name, not ${show(task)}`)
  if (!OVERLAPS.has(overlap))
    throw new WindlassError('invalid_schedule', `overlap is allow, skip or queue, not ${show(overlap)}`)
  if (typeof paused !== 'boolean')
    throw new WindlassError('invalid_option', `paused is true or false, not ${show(paused)}`)
  if (expires instanceof Date)
    throw new WindlassError('invalid_schedule', 'expires of a schedule is a duration, counted from each tick')
  return {
    rule: readRule(options, bareUnit),
    missed: readMissed(missed),
    grace: grace === GRACE ? GRACE : parseDuration(grace, 'grace', bareUnit),
    overlap,
    jitter: parseDuration(jitter, 'jitter', bareUnit),
  }
}

/**
 * The schedule that the options say.
 * @param type the definition that `options.task` means, or its bare name where it is not known
 * @param payload JSON text that is to be stored byte for byte, instead of `options.payload`
 * @throws WindlassError as readTiming, and as an enqueue: payload codes, `invalid_payload`
 */
export async function defineSchedule(
  type: TaskType | string,
  options: ScheduleOptions,
  from: Enqueuer,
  payload: string | null = null,
): Promise<Schedule> {
  const timing = readTiming(options, from.bareUnit)
  const limit = Math.min(from.payloadBytes, MOST_PAYLOAD)
  if (payload !== null) checkJsonText(payload, 'payload', PAYLOAD_CODES, limit)
  const text = payload ?? toJsonText(options.payload, 'payload', PAYLOAD_CODES, limit)
  if (typeof type !== 'string') await checkInput(type, text)
  const said = Object.fromEntries(
    TASK_KEYS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]),
  )
  const task = templateOf(buildTask(type, { text }, said, from))
  if (task.meta !== null && Object.hasOwn(JSON.parse(task.meta) as object, 'schedule'))
    throw new WindlassError('invalid_option', 'meta.schedule is where the tick is told: use another key')
  // The codec may write the same payload differently each time.
  const digest = digestOf([
    JSON.stringify({ ...timing, task: { ...task, payload: text }, origin: from.origin }),
  ])
  return { ...timing, origin: from.origin, task, digest }
}

function templateOf(task: NewTask): TaskTemplate {
  const { type, queue, priority, payload, payloadVersion, codec, retry, crash } = task
  const { timeout, keep, tags, meta, expires } = task
  const template = { type, queue, priority, payload, payloadVersion, codec, retry, crash }
  return { ...template, timeout, keep, tags, meta, expires }
}

/** The body that stores keep. */
export function writeSchedule(schedule: Schedule): string {
  return JSON.stringify({ version: VERSION, ...schedule })
}

/**
 * Reads a body.
 * @throws WindlassError `invalid_schedule` for what this version did not write
 */
export function readSchedule(body: string): Schedule {
  const kept = parse(body)
  if (kept?.version === VERSION) return kept
  throw new WindlassError('invalid_schedule', 'the schedule was put by another version of Windlass', {
    hint: 'Put it again, or upgrade this program.',
  })
}

/** Null: no JSON. What is in a body of our version is what we wrote. */
function parse(body: string): (Schedule & { readonly version: unknown }) | null {
  try {
    return JSON.parse(body) as Schedule & { readonly version: unknown }
  } catch {
    return null
  }
}
