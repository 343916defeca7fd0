// The bare loop on node:sqlite: synchronous=FULL, settlements and the next claim in one transaction, one prepared
// statement per row, which is the fastest form there. What it does and leaves out is said in bare.ts.

import { randomBytes } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { join } from 'node:path'

import type { Bare, BareTask } from './bare.ts'

/** One task as the loop sees it. */
interface HeldTask {
  readonly seq: number
  readonly id: string
  readonly token: string
}

const SCHEMA = `
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 2000;
CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, type TEXT NOT NULL,
  priority INTEGER NOT NULL, state INTEGER NOT NULL, created_at INTEGER NOT NULL, run_at INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0, claim TEXT, session TEXT, started_at INTEGER, deadline_at INTEGER,
  finished_at INTEGER, result TEXT, digest TEXT NOT NULL, payload TEXT NOT NULL
) STRICT;
CREATE INDEX tasks_ready ON tasks (queue, priority DESC, seq) WHERE state = 1;
CREATE INDEX tasks_running ON tasks (session, claim) WHERE state = 2;
CREATE INDEX tasks_finished ON tasks (finished_at) WHERE state > 2;
`

/** The loop on a database of its own in this folder. */
export class BareSqlite implements Bare {
  readonly #db: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insert: StatementSync
  readonly #ready: StatementSync
  readonly #start: StatementSync
  readonly #finish: StatementSync
  readonly #session = randomBytes(16).toString('hex')
  #held: HeldTask[] = []

  constructor(folder: string) {
    const db = new DatabaseSync(join(folder, 'bare.db'))
    db.exec(SCHEMA)
    this.#db = db
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#insert =
      db.prepare(`INSERT INTO tasks (id, queue, type, priority, state, created_at, run_at, digest, payload)
      VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`)
    this.#ready = db.prepare(`SELECT seq, id, type, priority, attempt, run_at, digest, payload FROM tasks
      WHERE state = 1 AND queue = ? ORDER BY priority DESC, seq LIMIT ?`)
    this.#start = db.prepare(`UPDATE tasks SET state = 2, attempt = ?, claim = ?, session = ?, started_at = ?,
      deadline_at = ? WHERE seq = ?`)
    this.#finish = db.prepare(`UPDATE tasks SET state = 3, result = ?, finished_at = ?, deadline_at = NULL
      WHERE seq = ? AND claim = ? AND state = 2`)
  }

  /** Enqueues in one transaction. */
  enqueue(tasks: readonly BareTask[]): void {
    const now = Date.now()
    this.#begin.run()
    for (const { id, payload, digest } of tasks) {
      this.#insert.run(id, 'default', 'sample', 0, now, now, digest, payload)
    }
    this.#commit.run()
  }

  /** Claims and settles until nothing is left. */
  workOff(concurrency: number): number {
    let count = 0
    do count += this.#turn(concurrency)
    while (this.#held.length > 0)
    return count
  }

  /** Settles what is held and claims anew, in one transaction; answers how many were settled. */
  #turn(limit: number): number {
    const now = Date.now()
    this.#begin.run()
    let settled = 0
    for (const { seq, token } of this.#held)
      settled += Number(this.#finish.run('null', now, seq, token).changes)
    const claim = randomBytes(16).toString('hex')
    this.#held = this.#ready.all('default', limit).map((row) => {
      const attempt = Number(row['attempt']) + 1
      const token = `${claim}.${attempt}`
      this.#start.run(attempt, token, this.#session, now, now + 900_000, Number(row['seq']))
      JSON.parse(String(row['payload']))
      return { seq: Number(row['seq']), id: String(row['id']), token }
    })
    this.#commit.run()
    return settled
  }

  close(): void {
    this.#db.close()
  }
}
