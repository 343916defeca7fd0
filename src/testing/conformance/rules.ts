// Who proves which rule of CONTRACT.md: this suite, and what of a rule is proven elsewhere because it is not about
// engines, or about one of them only. A test holds this table and the cases together.

/** One rule of CONTRACT.md. */
export interface RuleCoverage {
  readonly rule: number
  readonly about: string
  /** True: at least one case of the suite names this rule. */
  readonly suite: boolean
  /** What is proven elsewhere, and where; null: nothing is left. */
  readonly elsewhere: string | null
}

function rule(number: number, about: string, suite: boolean, elsewhere: string | null = null): RuleCoverage {
  return { rule: number, about, suite, elsewhere }
}

/** Every rule, in order. */
export const RULES: readonly RuleCoverage[] = [
  rule(1, 'death is one irrevocable step', true, 'worker: a new session id at start and after every `gone`'),
  rule(2, 'settle is guarded by the token, rescue by token and session', true),
  rule(
    3,
    'the heartbeat reconciles',
    true,
    'worker: what it does with lost and unclaimed tasks, and how soon',
  ),
  rule(4, 'in doubt go on, when told stop', false, 'worker: handlers while the engine is out of reach'),
  rule(
    5,
    'a hung handler is not kept alive',
    true,
    'worker and supervisor: the heart ends the session and the process group',
  ),
  rule(
    6,
    'who may declare death by time',
    true,
    'worker: the evidence a process needs before it says `declare`',
  ),
  rule(
    7,
    'charges',
    true,
    'core: limits and back-off (decide); worker: a task with a crash runs alone in a child',
  ),
  rule(8, 'an outcome is repeated verbatim', true, 'worker: repeating until it is told'),
  rule(9, 'crash, expire, deadline, delete, reprioritise; cancel wins', true),
  rule(
    10,
    'rescues are isolated, the sweep has a turn',
    true,
    'PostgreSQL, MySQL: no rescue waits for a locked row',
  ),
  rule(11, 'priority, then place', true),
  rule(12, 'a claim promotes first', true),
  rule(
    13,
    'when to come back',
    true,
    'worker: the one timer; engines with transactions: notice after a commit',
  ),
  rule(
    14,
    'two lanes, bounded batches, errors told to one caller',
    true,
    'client: bounds and bisection; SQL engines: lock timeouts, transactions of the caller',
  ),
  rule(15, 'no linger', false, 'base: the batcher'),
  rule(16, 'identity and tombstones', true, 'client: the digest of what is compared'),
  rule(17, 'unique keys', true),
  rule(
    18,
    'no row is rewritten more than once a second; the last attempt is on the row',
    true,
    'each engine: what its statements touch; client: roll-ups',
  ),
  rule(19, 'a slot is free when its handler ends', false, 'worker: slots and unsettled endings'),
  rule(20, 'everything is bounded', true, 'each server engine: loops in scripts, statement timeouts'),
  rule(21, 'engine time and the form of the claim', false, 'PostgreSQL'),
  rule(22, 'the lower bound on place', false, 'PostgreSQL'),
  rule(23, 'locks, nonce, unit retry', false, 'MySQL and MariaDB'),
  rule(24, 'scripts and their data', false, 'Redis and Valkey'),
  rule(25, 'one file, several processes', false, 'SQLite'),
  rule(26, 'messages are doorbells', false, 'RabbitMQ'),
]
