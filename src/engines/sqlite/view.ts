// One look at the store: a connection, engine time, and what may be remembered of it. Read verbs get one inside a
// read transaction; a unit of work (unit.ts) is one that also writes.
// Promises that only committed facts are remembered beyond it.

import type { Caches, Policy, Worker } from './caches.ts'
import type { Connection } from './connection.ts'
import { readPaused } from './queues.ts'

/** A session as the verbs look at it. */
export interface SessionState {
  readonly n: number
  readonly live: boolean
  readonly name: string
}

const SESSION = 'SELECT n, live, name FROM windlass_sessions WHERE id = ?'
const WORKER = 'SELECT session, name FROM windlass_workers WHERE n = ?'
const POLICY = 'SELECT body FROM windlass_policies WHERE n = ?'
const SETTINGS = 'SELECT settings FROM windlass_counters WHERE one = 1'

export class View {
  readonly connection: Connection
  readonly caches: Caches
  readonly now: number
  readonly #sessions = new Map<string, SessionState | null>()
  readonly #policies = new Map<number, Policy>()

  constructor(connection: Connection, caches: Caches, now: number) {
    this.connection = connection
    this.caches = caches
    this.now = now
  }

  /** Keeps a fact for later looks: at once here, after the commit in a unit of work. */
  remember(fact: () => void): void {
    fact()
  }

  session(id: string): SessionState | null {
    const known = this.#sessions.get(id)
    if (known !== undefined) return known
    const row = this.connection.get(SESSION, id)
    const state =
      row === undefined ? null : { n: row[0] as number, live: row[1] === 1, name: row[2] as string }
    this.#sessions.set(id, state)
    return state
  }

  /** What was read of a session is not true any more. */
  forgetSession(id: string): void {
    this.#sessions.delete(id)
  }

  paused(): ReadonlySet<string> {
    return readPaused(this.connection, this.caches, Number(this.connection.get(SETTINGS)?.[0] ?? 0))
  }

  /** Who a session's short number stands for; never changes once it is committed. */
  worker(n: number | null): Worker | null {
    if (n === null) return null
    const known = this.caches.workers.get(n)
    if (known !== undefined) return known
    const row = this.connection.get(WORKER, n)
    if (row === undefined) return null
    const worker = { session: row[0] as string, name: row[1] as string }
    this.remember(() => this.caches.rememberWorker(n, worker))
    return worker
  }

  /** The policy behind a number, or in the row itself where there were too many different ones. */
  policy(n: number | null, text: string | null): Policy {
    if (n === null) return JSON.parse(text ?? '{}') as Policy
    const known = this.caches.policies.get(n) ?? this.#policies.get(n)
    if (known !== undefined) return known
    const body = this.connection.get(POLICY, n)?.[0] as string
    const policy = JSON.parse(body) as Policy
    this.#policies.set(n, policy)
    this.remember(() => this.caches.rememberPolicy(n, body, policy))
    return policy
  }
}
