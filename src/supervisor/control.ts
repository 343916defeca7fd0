// What a supervisor tells about itself and lets itself be told, as plain data: both ends of the control socket import
// this file. Promises that everything in it survives JSON. Leaves the socket to control-server.ts and ask.ts, and doing
// it to supervisor.ts.

export interface SupervisorFacts {
  readonly pid: number
  readonly name: string
  readonly version: string
  readonly state: 'starting' | 'running' | 'restarting' | 'stopping'
  readonly started_at: string
  readonly uptime_ms: number
  readonly rss_mb: number
  /** How many workers there should be. */
  readonly count: number
  /** Its log file; null: none. */
  readonly log: string | null
}

/** One worker process. While a worker is renewed there are two of one name: the new one starts, the old one drains. */
export interface WorkerFacts {
  readonly name: string
  readonly pid: number | null
  /** `restarting`: it ended and starts again after a wait. */
  readonly state: 'starting' | 'running' | 'draining' | 'restarting'
  readonly uptime_ms: number | null
  readonly rss_mb: number | null
  /** Percent of one core, lately. */
  readonly cpu: number | null
  /** p99, lately. */
  readonly loop_delay_ms: number | null
  readonly running: number | null
  /** Attempts that it ended since its start. */
  readonly finished: number | null
  /** Processes that ended unasked in this place. */
  readonly restarts: number
  readonly session: string | null
  /** It was started by a supervisor before this one. */
  readonly adopted: boolean
  /** Why it last ended; null: it never did. */
  readonly last_end: string | null
}

export interface SupervisorStatus {
  readonly supervisor: SupervisorFacts
  readonly workers: readonly WorkerFacts[]
}

/** How a stop is to go. `grace`: longest drain in ms, null: as configured. `force`: hand back at once what runs. */
export interface StopManner {
  readonly grace: number | null
  readonly force: boolean
}

export type ControlRequest =
  | { readonly verb: 'status' }
  | { readonly verb: 'scale'; readonly count: number }
  /** `count`: the new number of workers, null: as it is. */
  | { readonly verb: 'restart'; readonly count: number | null }
  | ({ readonly verb: 'stop' } & StopManner)

/** What a supervisor lets itself be told. Promises settle when it is done. */
export interface Controlled {
  status(): SupervisorStatus
  /**
   * Resolves when new workers take work and those too many are gone.
   * @throws WindlassError `child_failed` when a new one ends before it takes work (it is tried again all the same)
   */
  scale(count: number): Promise<void>
  /**
   * Renews each worker, one at a time, the new process first.
   * @throws WindlassError `child_failed` when a new process cannot start; then the old one stays
   */
  restart(count: number | null): Promise<void>
  /** Begins the stop, or hurries it. */
  stop(how: StopManner): unknown
}

/** Most workers of one supervisor. */
export const MOST_WORKERS = 1_000

/** The request, or null for what is none. */
export function readRequest(value: unknown): ControlRequest | null {
  if (typeof value !== 'object' || value === null || !('verb' in value)) return null
  const { verb, count = null, grace = null, force = false } = value as Record<string, unknown>
  if (verb === 'status') return { verb }
  if (verb === 'scale') return isCount(count) ? { verb, count } : null
  if (verb === 'restart') return count === null || isCount(count) ? { verb, count } : null
  if (verb !== 'stop' || typeof force !== 'boolean') return null
  return grace === null || isLength(grace) ? { verb, grace, force } : null
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && isLength(value) && value <= MOST_WORKERS
}

function isLength(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
