// The bare loop on MySQL and MariaDB with plain `mysql2`: settlements and the next claim in one transaction of two
// messages, finished tasks moved to a table of their own, two connections. What it does and leaves out: bare.ts.

import { randomBytes } from 'node:crypto'

import {
  createPool,
  type Connection,
  type Pool,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise'

import { inLanes, turns, type Bare, type BareTask } from './bare.ts'

const COLUMNS = `
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, queue VARCHAR(100) NOT NULL, type VARCHAR(100) NOT NULL,
  priority INT NOT NULL, created_at BIGINT NOT NULL, run_at BIGINT NOT NULL, attempt INT NOT NULL, claim CHAR(32),
  session CHAR(32), started_at BIGINT, deadline_at BIGINT, digest VARCHAR(100) NOT NULL, payload MEDIUMTEXT NOT NULL`
const SCHEMA = [
  `CREATE TABLE tasks (seq BIGINT AUTO_INCREMENT PRIMARY KEY, ${COLUMNS}, state TINYINT NOT NULL,
    UNIQUE KEY tasks_id (id), KEY tasks_ready (queue, state, priority, seq)) ENGINE = InnoDB`,
  `CREATE TABLE finished (seq BIGINT PRIMARY KEY, ${COLUMNS}, finished_at BIGINT NOT NULL, result TEXT,
    UNIQUE KEY finished_id (id), KEY finished_at (finished_at)) ENGINE = InnoDB`,
]
const KEPT = `seq, id, queue, type, priority, created_at, run_at, attempt, claim, session, started_at, digest, payload`
const READY = `SELECT seq, id, type, priority, attempt, run_at, digest, payload FROM tasks
  WHERE queue = 'default' AND state = 1 AND priority = 0 AND seq > ? ORDER BY seq LIMIT ? FOR UPDATE SKIP LOCKED`
/** What InnoDB answers when two transactions wait for each other: one of them is to begin anew. */
const DEADLOCK = 1_213

interface Row extends RowDataPacket {
  readonly seq: number
  readonly payload: string
}

/** What one lane has in hand. */
interface Hand {
  token: string
  /** No ready task of an earlier place is left, apart from late commits, which this loop has none of. */
  last: number
}

/** The loop in an empty database of its own. */
export class BareMysql implements Bare {
  readonly #pool: Pool
  readonly #session = randomBytes(16).toString('hex')

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  static async open(url: string): Promise<BareMysql> {
    const pool = createPool({ uri: url, connectionLimit: 10, multipleStatements: true })
    for (const statement of SCHEMA) await pool.query(statement)
    return new BareMysql(pool)
  }

  async enqueue(tasks: readonly BareTask[]): Promise<void> {
    const now = Date.now()
    const rows = tasks.map(({ id, digest, payload }) => [
      id,
      'default',
      'sample',
      0,
      now,
      now,
      0,
      digest,
      payload,
      1,
    ])
    await this.#pool.query(
      `INSERT IGNORE INTO tasks (id, queue, type, priority, created_at, run_at, attempt, digest, payload, state)
      VALUES ?`,
      [rows],
    )
  }

  /** Claims and settles until nothing is left. */
  workOff(concurrency: number): Promise<number> {
    return inLanes(concurrency, async (limit) => {
      const connection = await this.#pool.getConnection()
      const hand: Hand = { token: '', last: 0 }
      try {
        await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
        return await turns<number>((held) => this.#turn(connection, hand, held, limit))
      } finally {
        connection.release()
      }
    })
  }

  async #turn(
    connection: Connection,
    hand: Hand,
    held: readonly number[],
    limit: number,
  ): Promise<{ settled: number; claimed: number[] }> {
    const now = Date.now()
    const next = randomBytes(16).toString('hex')
    try {
      const settled = held.length === 0 ? '' : SETTLE
      const values = held.length === 0 ? [] : [now, held, hand.token, held, hand.token]
      const [answered] = await connection.query(`START TRANSACTION; ${settled} ${READY}`, [
        ...values,
        hand.last,
        limit,
      ])
      // The driver's types know the answer of one statement, not of several.
      const answers = answered as unknown as (ResultSetHeader | Row[])[]
      const rows = answers.at(-1) as Row[]
      const places = rows.map(({ seq }) => seq)
      if (places.length > 0)
        await connection.query(`${CLAIM}; COMMIT`, [next, this.#session, now, now + 900_000, places])
      else await connection.query('COMMIT')
      for (const { payload } of rows) JSON.parse(payload)
      const gone = held.length === 0 ? null : (answers[2] as ResultSetHeader)
      hand.token = next
      hand.last = places.at(-1) ?? hand.last
      return { settled: gone?.affectedRows ?? 0, claimed: places }
    } catch (error) {
      if ((error as { readonly errno?: number }).errno !== DEADLOCK) throw error
      await connection.query('ROLLBACK')
      return this.#turn(connection, hand, held, limit)
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

const SETTLE = `INSERT INTO finished (${KEPT}, finished_at, result) SELECT ${KEPT}, ?, 'null' FROM tasks
  WHERE seq IN (?) AND claim = ? AND state = 2;
  DELETE FROM tasks WHERE seq IN (?) AND claim = ? AND state = 2;`
const CLAIM = `UPDATE tasks SET state = 2, attempt = attempt + 1, claim = ?, session = ?, started_at = ?, deadline_at = ?
  WHERE seq IN (?)`
