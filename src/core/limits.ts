// Every limit and every default in one table, so that "bounded" can be read in a minute.
// Sizes are bytes of UTF-8, times are milliseconds. Options override what is said to be a default.

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Hard limits and defaults of a task and of what belongs to it. */
export const LIMITS = {
  /** Largest payload or result (default; option `limits.payload`). */
  payloadBytes: 256 * 1024,
  /** Deepest nesting of a payload or result. */
  jsonDepth: 64,
  /** Longest id, unique key, queue name, task type, tag. */
  keyBytes: 128,
  /** Longest name of a schedule: ids of its tasks are made of it. */
  scheduleNameBytes: 100,
  /** Largest `meta`. */
  metaBytes: 8 * 1024,
  tagsPerTask: 20,
  priorityMin: 0,
  priorityMax: 10,
  /** Largest `retries`. */
  retries: 10_000,
  /** Longest delay, deadline or keep: 10 years. */
  duration: 3_653 * DAY,
  errorMessageBytes: 4 * 1024,
  errorStackBytes: 8 * 1024,
  errorCauses: 8,
  /** Warnings kept of one attempt. */
  warnings: 20,
  warningBytes: 1_024,
  progressMessageBytes: 512,
  logLineBytes: 4 * 1024,
  /** Log lines kept per task; older ones make way. */
  logLines: 1_000,
  /** Log lines taken from one attempt; the rest is counted and said. */
  logLinesPerAttempt: 500,
  /** Attempts kept per task in the journal. */
  attempts: 100,
  /** Tasks in one engine call. */
  batch: 1_000,
  /** Payload bytes in one engine call. */
  batchBytes: 1024 * 1024,
  /** Due tasks promoted by one claim. */
  promote: 1_000,
  /** Rows that a search by tag or text looks at. */
  searchRows: 20_000,
  /** Rows of one page of any list. */
  page: 1_000,
  /** `stats` counts exactly up to here, then estimates. */
  exactCount: 10_000,
  documentBytes: 64 * 1024,
  /** Items of the changes feed that are kept. */
  changes: 200_000,
} as const

/** Defaults that options override. */
export const DEFAULTS = {
  queue: 'default',
  priority: 0,
  retries: 3,
  retryDelay: MINUTE,
  timeout: 15 * MINUTE,
  keep: { succeeded: DAY, dead: 30 * DAY },
  /** Finished tasks kept at most, whatever their age. */
  keepCount: 1_000_000,
  /** Bytes of payloads and results of finished tasks kept at most; null: no bound. */
  keepBytes: null,
  crash: { crashes: 3, losses: 10, delays: [0, 10 * SECOND, MINUTE] },
  concurrency: 10,
  lease: 30 * SECOND,
  leaseMin: 1 * SECOND,
  leaseMax: HOUR,
  /** How long one engine call may take before its outcome is unknown. */
  callTimeout: 5 * SECOND,
  /** From the soft timeout (abort signal) to the hard end. */
  grace: 10 * SECOND,
  drain: 300 * SECOND,
  /** How long handlers go on while the engine is out of reach. */
  doubt: 5 * MINUTE,
  /** How long the id of a purged task stays taken. */
  tombstone: 48 * HOUR,
  unknownTypeDelay: 30 * SECOND,
  /** Dead sessions are shown for this long. */
  keepSessions: HOUR,
  /** Bytes of a log file before it is rotated, and rotated files that stay. */
  logSize: 10 * 1024 * 1024,
  logKeep: 5,
} as const
