// The bare loop on PostgreSQL with plain `pg`: settlements and the next claim in one statement and one commit, the
// claim by ctid, finished tasks moved to a table of their own, two connections. What it does and leaves out: bare.ts.

import { randomBytes } from 'node:crypto'

import pg from 'pg'

import { inLanes, turns, type Bare, type BareTask } from './bare.ts'

const COLUMNS = `
  seq bigint PRIMARY KEY, id text NOT NULL, queue text NOT NULL, type text NOT NULL, priority int NOT NULL,
  created_at bigint NOT NULL, run_at bigint NOT NULL, attempt int NOT NULL, claim text, session text,
  started_at bigint, deadline_at bigint, digest text NOT NULL, payload text NOT NULL`
const SCHEMA = `
CREATE TABLE tasks (${COLUMNS}, state smallint NOT NULL) WITH (fillfactor = 70);
ALTER TABLE tasks ALTER seq ADD GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX tasks_id ON tasks (id);
CREATE INDEX tasks_ready ON tasks (queue, priority DESC, seq) WHERE state = 1;
CREATE TABLE finished (${COLUMNS}, finished_at bigint NOT NULL, result text);
CREATE UNIQUE INDEX finished_id ON finished (id);
CREATE INDEX finished_at ON finished (finished_at);
`
const ENQUEUE = `
INSERT INTO tasks (id, queue, type, priority, created_at, run_at, attempt, digest, payload, state)
SELECT id, 'default', 'sample', 0, $4, $4, 0, digest, payload, 1
FROM unnest($1::text[], $2::text[], $3::text[]) AS given (id, digest, payload)
ON CONFLICT (id) DO NOTHING`
const KEPT = `seq, id, queue, type, priority, created_at, run_at, attempt, claim, session, started_at, digest, payload`
/** $1 places held, $2 their token, $3 now, $4 the new token, $5 session, $6 limit. */
const TURN = `
WITH gone AS (DELETE FROM tasks WHERE seq = ANY($1::bigint[]) AND claim = $2 AND state = 2 RETURNING ${KEPT}),
kept AS (INSERT INTO finished (${KEPT}, finished_at, result) SELECT ${KEPT}, $3::bigint, 'null' FROM gone),
taken AS (
  UPDATE tasks SET state = 2, attempt = attempt + 1, claim = $4, session = $5, started_at = $3,
    deadline_at = $3::bigint + 900000
  WHERE ctid = ANY(ARRAY(SELECT ctid FROM tasks WHERE state = 1 AND queue = 'default'
    ORDER BY priority DESC, seq LIMIT $6 FOR UPDATE SKIP LOCKED))
  RETURNING seq, id, type, priority, attempt, run_at, digest, payload)
SELECT (SELECT count(*) FROM gone) AS settled, taken.* FROM (SELECT 1) AS one LEFT JOIN taken ON true`

interface Row {
  readonly settled: string
  readonly seq: string | null
  readonly payload: string
}

/** The loop in an empty database of its own. */
export class BarePostgres implements Bare {
  readonly #pool: pg.Pool
  readonly #session = randomBytes(16).toString('hex')

  private constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  static async open(url: string): Promise<BarePostgres> {
    const pool = new pg.Pool({ connectionString: url, max: 20 })
    pool.on('error', () => {})
    await pool.query(SCHEMA)
    return new BarePostgres(pool)
  }

  async enqueue(tasks: readonly BareTask[]): Promise<void> {
    const values = [tasks.map(({ id }) => id), tasks.map(({ digest }) => digest)]
    await this.#pool.query({
      name: 'enqueue',
      text: ENQUEUE,
      values: [...values, tasks.map(({ payload }) => payload), Date.now()],
    })
  }

  /** Claims and settles until nothing is left. */
  workOff(concurrency: number): Promise<number> {
    return inLanes(concurrency, async (limit) => {
      const client = await this.#pool.connect()
      let token = ''
      try {
        return await turns<string>(async (held) => {
          const next = randomBytes(16).toString('hex')
          const values = [held, token, Date.now(), next, this.#session, limit]
          const { rows } = await client.query<Row>({ name: 'turn', text: TURN, values })
          token = next
          const claimed = rows.flatMap(({ seq, payload }) => {
            if (seq === null) return []
            JSON.parse(payload)
            return [seq]
          })
          return { settled: Number(rows[0]?.settled ?? 0), claimed }
        })
      } finally {
        client.release()
      }
    })
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
