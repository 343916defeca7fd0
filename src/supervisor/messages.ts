// What a worker process and its supervisor tell each other over the supervisor's socket, as JSON lines. Both ends import
// this file, so that they cannot disagree. A worker always tells all that is to know of it, so that no message depends
// on an earlier one and nothing is lost with a connection. Leaves sockets to link.ts and worker-link.ts.

/** Exit code of a worker that noticed that it hears of no task any more: it drained, and another one is to take its place. */
export const DEAF_EXIT = 6

/** Where the supervisor of a process listens, and the token by which it knows the process. */
export const SOCKET_VARIABLE = 'WINDLASS_SUPERVISOR'
export const TOKEN_VARIABLE = 'WINDLASS_SUPERVISOR_TOKEN'

/** How a worker process is, lately. */
export interface Vitals {
  readonly running: number
  /** Attempts that it ended since its start. */
  readonly finished: number
  /** Bytes. */
  readonly rss: number
  /** Percent of one core. */
  readonly cpu: number
  /** p99 in ms. */
  readonly loop_delay: number
}

/** All that a supervisor hears of a worker. */
export interface Report {
  /** It takes work. */
  readonly ready: boolean
  /** Its session in the store, also after it had to draw a new one. */
  readonly session: string | null
  readonly vitals: Vitals | null
}

export const NO_REPORT: Report = { ready: false, session: null, vitals: null }

/** The first line of a worker: `{"worker": Hello}`. Later ones: `{"report": Report}` and `{"line": text}`. */
export interface Hello extends Report {
  readonly token: string
  readonly pid: number
}

/** The supervisor's first line: `{"welcome": Welcome}`. A later one: `{"release": true}`. */
export interface Welcome {
  /** Nobody reads what the worker prints: its log lines are to come over this connection. */
  readonly lines: boolean
}

/** The report in a value that came over a connection; null: it is none. */
export function readReport(value: unknown): Report | null {
  if (!isObject(value) || typeof value['ready'] !== 'boolean') return null
  const { ready, session, vitals } = value
  if (session !== null && typeof session !== 'string') return null
  return { ready, session, vitals: readVitals(vitals) }
}

/** Who a worker says that it is; null: it says nothing of the kind. */
export function readHello(value: unknown): Hello | null {
  const report = readReport(value)
  if (report === null || !isObject(value)) return null
  const { token, pid } = value
  return typeof token === 'string' && typeof pid === 'number' ? { ...report, token, pid } : null
}

function readVitals(value: unknown): Vitals | null {
  if (!isObject(value)) return null
  const { running, finished, rss, cpu, loop_delay } = value
  const numbers = [running, finished, rss, cpu, loop_delay]
  return numbers.every((one) => typeof one === 'number') ? (value as unknown as Vitals) : null
}

/** True for what has members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
