// What can be wrong with a whole system, and when somebody is to be told: the rules as they are configured, stored with
// the schedule that checks them, and their defaults. Plain data. Where alerts go is not stored: a command or an address
// in the store would be run by whoever reads it. What the rules come to is src/toolbox.

/** Every alert. `store` is about the store itself; each scheduler judges it alone. */
export const ALERTS = [
  'success_rate',
  'dead',
  'backlog',
  'workers',
  'unserved',
  'waiting',
  'stuck',
  'store',
] as const

export type AlertName = (typeof ALERTS)[number]

/** Null and false switch a rule off. Times are ms. */
export interface AlertRules {
  readonly every: number
  /** How long something must be wrong until it fires, and right until it is resolved. */
  readonly for: number
  /** An alert that still fires is told again after this long; null: never. */
  readonly repeat: number | null
  /** Of tasks that ended in the window, `least` at least: fires when a smaller share than `below` succeeded. */
  readonly successRate: {
    readonly below: number
    readonly window: number
    readonly least: number
  } | null
  readonly dead: { readonly above: number } | null
  /** Ready tasks, of these queues or of all. */
  readonly backlog: { readonly above: number; readonly queues: readonly string[] | null } | null
  /** Live workers; and those that ended by no will of theirs within `died`, null: these do not count. */
  readonly workers: { readonly below: number; readonly died: number | null } | null
  /** Ready tasks in queues that no worker takes from. */
  readonly unserved: boolean
  /** Age of the ready task that has waited longest. */
  readonly waiting: { readonly above: number } | null
  /** Tasks that run although their worker is gone or their time is over. */
  readonly stuck: boolean
}

/** Where alerts go. Neither is ever stored or shown. */
export interface AlertTargets {
  readonly log: boolean
  /** Run by the shell, with the alert as JSON on its standard input. */
  readonly command: string | null
  /** Folder that the command starts in: that of the config. */
  readonly folder: string
  /** Gets the alert as JSON by POST. */
  readonly webhook: string | null
}

const SECOND = 1_000
const MINUTE = 60 * SECOND

export const DEFAULT_RULES: AlertRules = {
  every: 30 * SECOND,
  for: MINUTE,
  repeat: null,
  successRate: { below: 0.95, window: 15 * MINUTE, least: 20 },
  dead: { above: 100 },
  backlog: { above: 1_000, queues: null },
  workers: { below: 1, died: 5 * MINUTE },
  unserved: true,
  waiting: null,
  stuck: true,
}

/** How often `windlass.upkeep` runs where nothing is said. */
export const UPKEEP_EVERY = MINUTE
