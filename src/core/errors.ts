// The one table of error codes: what happened, HTTP status, whether trying again can help, and what to do.
// Every error of the product is a WindlassError with a code of this table. Codes are stable; messages may be
// reworded. Messages are bounded here; secrets must not be passed in. The questions asked of a thrown value (is it
// one of ours, is it fatal) never throw themselves, whatever was thrown.

import { LIMITS } from './limits.ts'

/** `status`: HTTP. `retry`: the same call may succeed later. `hint`: what the reader should do. */
interface CodeEntry {
  readonly status: number
  readonly retry: boolean
  readonly hint: string
}

function entry(status: number, retry: boolean, hint: string): CodeEntry {
  return { status, retry, hint }
}

/** Every code. `docs/reference/errors.md` follows this table. */
export const ERROR_CODES = {
  invalid_option: entry(422, false, 'Correct the option that is named.'),
  unknown_option: entry(422, false, 'Check the spelling; the nearest known name is given.'),
  invalid_duration: entry(422, false, 'Give a number or a string with a unit: 500ms, 30s, 5m, 1h, 7d.'),
  invalid_schedule: entry(422, false, 'Correct the schedule where it says.'),
  invalid_payload: entry(422, false, 'Give a payload that the task type accepts.'),
  payload_too_large: entry(
    413,
    false,
    'Store the data elsewhere and pass a reference, or raise limits.payload.',
  ),
  payload_too_deep: entry(422, false, 'Flatten the payload: at most 64 levels.'),
  payload_not_json: entry(
    422,
    false,
    'Pass plain JSON values: no functions, bigints, cycles, NaN, `__proto__` keys.',
  ),
  result_not_json: entry(500, false, 'Return plain JSON values from the handler.'),
  result_too_large: entry(
    500,
    false,
    'Store the data elsewhere and return a reference, or raise limits.payload.',
  ),
  unknown_task_type: entry(422, false, 'Define the task type in the config, or check the spelling.'),
  no_handler: entry(
    422,
    false,
    'Add a handler with implement(type, run), or pass a definition that has `run`.',
  ),
  duplicate_task_type: entry(500, false, 'Give each task type a name of its own.'),
  id_conflict: entry(409, false, 'The id belongs to a task with other content. Use another id.'),
  not_found: entry(404, false, 'Check the id. Finished tasks are removed after their retention.'),
  refused: entry(409, false, 'The state of the task does not allow this.'),
  version_conflict: entry(409, true, 'It was changed meanwhile. Read it again and repeat.'),
  task_dead: entry(
    410,
    false,
    'The task will not be tried again by itself. See its error, then `windlass retry`.',
  ),
  task_cancelled: entry(410, false, 'The task was cancelled. `windlass retry` runs it again.'),
  wait_timeout: entry(504, true, 'The task is not finished yet. Wait longer or look again later.'),
  config_not_found: entry(500, false, 'Check the path that was given with --config or WINDLASS_CONFIG.'),
  config_invalid: entry(500, false, 'Correct the config where it says.'),
  config_failed: entry(500, false, 'The config or a task file threw while it was loaded. See the cause.'),
  codec_failed: entry(500, false, 'Check the codec that is named, and its key. See the cause.'),
  engine_url_invalid: entry(
    500,
    false,
    'Use sqlite:path, memory:, postgres://, mysql://, redis:// or amqp://.',
  ),
  engine_not_available: entry(
    500,
    false,
    'This engine is not part of this version. Use sqlite:, postgres://, mysql://, redis:// or memory:.',
  ),
  engine_driver_missing: entry(500, false, 'Install the driver of this engine: the package that is named.'),
  engine_busy: entry(503, true, 'The store is busy. Try again in a moment.'),
  engine_full: entry(507, true, 'The store is out of space. Free some; work goes on by itself.'),
  engine_unreachable: entry(
    503,
    true,
    'Check that the store exists and can be reached, with `windlass doctor`.',
  ),
  engine_timeout: entry(503, true, 'It is unknown whether it was applied. Repeat with the same id.'),
  engine_closed: entry(503, false, 'The connection was closed by this program. Open a new one.'),
  engine_corrupt: entry(500, false, 'Stop all processes and restore a backup.'),
  newer_schema: entry(500, false, 'A newer Windlass has upgraded this store. Upgrade this one too.'),
  not_migrated: entry(500, false, 'Run `windlass migrate`.'),
  engine_too_old: entry(500, false, 'Upgrade the server to a version that is supported, or use another one.'),
  engine_unsafe: entry(500, false, 'Change the setting of the server that is named: tasks could be lost.'),
  sqlite_too_old: entry(500, false, 'Use the Node that the project pins: its SQLite is new enough.'),
  network_file_system: entry(500, false, 'Put the database file on a local disk, or use a server engine.'),
  lease_lost: entry(409, false, 'Another attempt owns the task now. End this one; its result is not taken.'),
  timeout: entry(504, false, 'The handler ran longer than its timeout. Raise `timeout` or make it faster.'),
  cancelled: entry(409, false, 'The task was cancelled while it ran.'),
  shutdown: entry(503, true, 'The worker stops. The task is handed back and runs again elsewhere.'),
  task_failed: entry(500, false, 'The handler said so with ctx.fail().'),
  not_started: entry(409, false, 'Start it first.'),
  not_running: entry(409, false, 'Nothing runs here. Start it with `windlass start` or `windlass up`.'),
  already_running: entry(
    409,
    false,
    'Stop that one first, or give this one a name of its own with --name (WORKER_NAME).',
  ),
  handler_unsupported: entry(
    422,
    false,
    'Export the task type from a file that `tasks` in the config names, or use isolation `inline`.',
  ),
  log_not_writable: entry(
    500,
    false,
    'Let this user write there, or name another file with LOG_FILE (log.file).',
  ),
  notice_failed: entry(502, true, 'Check the command or the address under `alerts.to` in the config.'),
  child_failed: entry(500, true, 'A process ended before it was ready. Its last lines say why.'),
  internal: entry(500, false, 'This is a bug. Please report it with the text of the error.'),
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof ERROR_CODES

const BRAND = Symbol.for('windlass.error')

export interface WindlassErrorOptions {
  readonly cause?: unknown
  /** For failures of an engine call: was it applied? Null: not about an engine call. */
  readonly applied?: 'no' | 'unknown' | null
  /** Replaces the table's hint where there is a better one. */
  readonly hint?: string
  /** Facts for programs, shown to users too: never secrets. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/**
 * An error with a stable code. `instanceof` works across two copies of the package. A message is cut at 4 Ki
 * characters. A code that is not in the table (it came from another version) becomes `internal`.
 */
export class WindlassError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly retry: boolean
  readonly hint: string
  readonly applied: 'no' | 'unknown' | null
  readonly detail: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: WindlassErrorOptions = {}) {
    super(bounded(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WindlassError'
    this.code = Object.hasOwn(ERROR_CODES, code) ? code : 'internal'
    const known = ERROR_CODES[this.code]
    this.status = known.status
    this.retry = known.retry
    this.hint = options.hint ?? known.hint
    this.applied = options.applied ?? null
    this.detail = options.detail ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass keeps the ordinary meaning; the base recognises its brand.
    if (this !== WindlassError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return safely(() => typeof value === 'object' && value !== null && BRAND in value) ?? false
  }
}

function bounded(message: unknown): string {
  const most = LIMITS.errorMessageBytes
  if (typeof message !== 'string') return ''
  return message.length <= most ? message : `${message.slice(0, most - 1).toWellFormed()}…`
}

/** The answer, or null where asking threw: getters and proxies of strangers may. */
function safely<T>(ask: () => T): T | null {
  try {
    return ask()
  } catch {
    return null
  }
}

/** Thrown by a handler: do not retry, the task is dead at once. */
export class Fatal extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'Fatal'
  }
}

/** True for a Fatal, also one of another copy of the package. */
export function isFatal(error: unknown): boolean {
  return safely(() => error instanceof Error && (error instanceof Fatal || error.name === 'Fatal')) ?? false
}

/** Thrown by a handler: try again then, within the retry budget, instead of when the policy says. */
export class RetryAfter extends Error {
  /** A duration (bare numbers are milliseconds) or the time itself. */
  readonly after: number | string | Date

  constructor(
    after: number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | Date,
    message?: string,
    options?: { cause?: unknown },
  ) {
    super(message ?? 'asked to be tried again later', options)
    this.name = 'RetryAfter'
    this.after = after
  }
}

/** The wait that a RetryAfter asks for, also one of another copy of the package; null: it is none. */
export function retryAfterOf(error: unknown): number | string | Date | null {
  return safely(() => {
    if (!(error instanceof Error) || error.name !== 'RetryAfter' || !('after' in error)) return null
    const { after } = error
    return typeof after === 'number' || typeof after === 'string' || after instanceof Date ? after : null
  })
}

/** The failure that an engine call ended in, or null for anything else. */
export function appliedOf(error: unknown): 'no' | 'unknown' | null {
  return error instanceof WindlassError ? error.applied : null
}
