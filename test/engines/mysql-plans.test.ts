// The plans of the hot verbs on MySQL or MariaDB, judged by what the server really reads (its Handler_read counters, on a
// server of the test's own): so many rows a task and no more, whatever else lies in the tables, with statistics that say
// they are empty and with fresh ones, at batches of 1 to 1,000. A plan that reads a table of tasks shows as thousands.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import mysql, { type RowDataPacket } from 'mysql2/promise'

import type { NewTask, Outcome, SweepRequest } from '../../src/core/hot-verbs.ts'
import { mintToken } from '../../src/core/ids.ts'
import { DEFAULTS } from '../../src/core/limits.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { ManualClock, newSession, newTask, outcomes } from '../../src/testing/index.ts'
import { startOwn } from '../servers/own-server.ts'

/** Without `auto-recalc` the server believes what it saw first: empty tables. */
const OWN = { kind: 'mysql', settings: { 'innodb-stats-auto-recalc': '0' } } as const
/** Tasks that wait, that are scheduled, and that have ended, none of which is to be met. */
const BACKLOG = 10_000
/** Rows that a verb may read for each of its tasks, and beside them. */
const PER_TASK = 20
const BESIDE = 300
const SWEEP = { every: 0, declare: true, extend: false, grace: 0, cursor: null, keepBytes: null } as const

test('what a verb reads depends on its batch alone', { timeout: 120_000 }, (t) =>
  startOwn(t, OWN, async ({ url }) => {
    const bench = await Bench.open(t, url)
    await bench.fill()
    for (const statistics of ['of empty tables', 'fresh']) {
      if (statistics === 'fresh') await bench.analyze()
      for (const batch of [1, 10, 100, 1_000])
        await t.test(`${batch} at once, statistics ${statistics}`, async (one) => {
          await judgeTaking(one, bench, batch)
          await judgeEnqueueing(one, bench, batch)
          await judgeSweeping(one, bench, batch)
        })
    }
  }),
)

async function judgeTaking(t: TestContext, bench: Bench, batch: number): Promise<void> {
  for (const queues of [['a'], ['b', 'a'], null]) {
    for (const outcome of [outcomes.succeed('1'), outcomes.retry(86_400_000), outcomes.release()]) {
      const name = `${queues?.join(', ') ?? 'all queues'}, ${outcome.kind}`
      const tasks = await bench.counts(t, `claim of ${name}`, batch, () => bench.claim(queues, batch))
      assert.equal(tasks.length, batch)
      await bench.counts(t, `settle of ${name}`, batch, () => bench.settle(tasks, outcome))
    }
  }
  const tasks = await bench.claim(['c'], batch)
  await bench.counts(t, 'report', batch, () => bench.report(tasks))
  await bench.counts(t, 'heartbeat', batch, () => bench.beat())
  await bench.settle(tasks, outcomes.succeed('1'))
}

async function judgeEnqueueing(t: TestContext, bench: Bench, batch: number): Promise<void> {
  const of = (more: () => Partial<NewTask>): Promise<NewTask[]> => bench.enqueue(batch, more)
  await bench.counts(t, 'enqueue', batch, () => of(() => ({ minted: true })))
  const chosen = await bench.counts(t, 'enqueue of chosen ids', batch, () => of(() => ({})))
  await bench.counts(t, 'enqueue again', batch, () => bench.engine.enqueue(chosen))
  await bench.counts(t, 'enqueue with keys', batch, () =>
    of(() => ({ minted: true, unique: { key: mintToken(), for: null } })),
  )
}

async function judgeSweeping(t: TestContext, bench: Bench, batch: number): Promise<void> {
  const { clock } = bench
  await bench.enqueue(batch, () => ({ queue: 'later', minted: true, due: { after: 1_000 } }))
  clock.advance(2_000)
  const promoted = await bench.counts(t, 'claim that promotes', batch, () => bench.claim(['later'], batch))
  assert.equal(promoted.length, batch)
  await bench.settle(promoted, outcomes.succeed('1'))
  // What was left to clean up before is not the next sweep's.
  await bench.sweep(1_000)

  const keep = { succeeded: 1_000, dead: 1_000 }
  await bench.enqueue(batch, () => ({ queue: 'brief', minted: true, keep }))
  await bench.settle(await bench.claim(['brief'], batch), outcomes.succeed('1'))
  await bench.enqueue(batch, () => ({ queue: 'late', minted: true, expires: { after: 1_000 } }))
  await bench.enqueue(batch, () => ({ queue: 'later', minted: true, due: { after: 1_000 } }))
  await bench.loseSession(batch)
  clock.advance(2_000)
  // It counts what has ended, and cleans up tables of its own: some thousand rows, far fewer than there are tasks.
  const known = (await bench.finished()) + 2_000
  const swept = await bench.counts(t, 'sweep', 4 * batch, () => bench.sweep(batch), known)
  assert.deepEqual(
    [swept.orphans.length, swept.expired, swept.promoted, swept.purged],
    [batch, batch, batch, batch],
  )
  const rescued = swept.orphans.map(({ task }) => task)
  await bench.counts(t, 'rescue', batch, () => bench.settle(rescued, outcomes.release(), 'rescue'))
}

class Bench {
  readonly engine: MysqlEngine
  readonly clock: ManualClock
  readonly #client: mysql.Connection
  readonly #session = newSession()

  private constructor(engine: MysqlEngine, clock: ManualClock, client: mysql.Connection) {
    this.engine = engine
    this.clock = clock
    this.#client = client
  }

  static async open(t: TestContext, url: string): Promise<Bench> {
    const clock = new ManualClock()
    const engine = await openMysql(url, { now: clock.now })
    t.after(() => engine.close())
    const client = await mysql.createConnection(url)
    t.after(() => client.destroy())
    const bench = new Bench(engine, clock, client)
    await engine.migrate()
    await engine.startSession([bench.#session])
    return bench
  }

  /** Tasks of every kind, so that a plan that reads too much is seen. */
  async fill(): Promise<void> {
    for (let i = 0; i < BACKLOG; i += 1_000) {
      await this.enqueue(1_000, () => ({ queue: 'done', minted: true }))
      await this.settle(await this.claim(['done'], 1_000), outcomes.succeed('1'))
    }
    const day = { after: 86_400_000 }
    for (let i = 0; i < BACKLOG; i += 500)
      for (const queue of ['a', 'b', 'c']) {
        await this.enqueue(500, (n) => ({ queue, minted: true, priority: n % 3 }))
        await this.enqueue(500, () => ({ queue, minted: true, due: day }))
      }
  }

  async analyze(): Promise<void> {
    const [tables] = await this.#client.query<RowDataPacket[]>('SHOW TABLES')
    for (const table of tables) await this.#client.query(`ANALYZE TABLE ${Object.values(table).join('')}`)
  }

  /** Fails where a call reads more than its tasks and `known` other rows account for. */
  async counts<R>(
    t: TestContext,
    what: string,
    tasks: number,
    call: () => Promise<R>,
    known = 0,
  ): Promise<R> {
    // Asking reads, too.
    const idle = (await this.#reads()) - (await this.#reads())
    const before = await this.#reads()
    const answer = await call()
    const reads = (await this.#reads()) - before + idle
    t.diagnostic(`${what}: ${reads}`)
    const most = tasks * PER_TASK + BESIDE + known
    assert.ok(reads <= most, `${what} of ${tasks} tasks read ${reads} rows, more than ${most}`)
    return answer
  }

  async #reads(): Promise<number> {
    const [rows] = await this.#client.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Handler_read%'")
    return rows.reduce((sum, row) => sum + Number(row['Value']), 0)
  }

  async finished(): Promise<number> {
    const [rows] = await this.#client.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM windlass_finished')
    return Number(rows[0]?.['n'])
  }

  async enqueue(count: number, more: (n: number) => Partial<NewTask>): Promise<NewTask[]> {
    const tasks = Array.from({ length: count }, (_, n) => newTask({ queue: 'new', ...more(n) }))
    await this.engine.enqueue(tasks)
    return tasks
  }

  async claim(
    queues: readonly string[] | null,
    limit: number,
    session = this.#session,
  ): Promise<readonly TaskRecord[]> {
    const [reply] = await this.engine.claim([{ session: session.id, claimId: mintToken(), queues, limit }])
    return reply?.tasks ?? []
  }

  async settle(
    tasks: readonly TaskRecord[],
    outcome: Outcome,
    guard: 'claim' | 'rescue' = 'claim',
  ): Promise<void> {
    const rest = { guard, outcome, followUps: [], logs: [] }
    const replies = await this.engine.settle(
      tasks.map(({ id, claim }) => ({ id, claim: claim ?? '', ...rest })),
    )
    for (const { status } of replies) assert.equal(status, 'applied')
  }

  async report(tasks: readonly TaskRecord[]): Promise<void> {
    const progress = { at: this.clock.now(), percent: 50, message: null }
    await this.engine.report(tasks.map(({ id, claim }) => ({ id, claim: claim ?? '', progress, logs: [] })))
  }

  async beat(): Promise<void> {
    const held = { count: 0, hash: 0, list: null }
    const { id } = this.#session
    await this.engine.heartbeat([{ session: id, renew: true, held, unclaimedAfter: 5_000, draining: false }])
  }

  /** Leaves so many tasks with a session that has died. */
  async loseSession(tasks: number): Promise<void> {
    const lost = newSession()
    await this.engine.startSession([lost])
    await this.claim(['c'], tasks, lost)
    await this.engine.endSession([{ session: lost.id, cause: 'killed', culprits: null }])
  }

  sweep(limit: number): ReturnType<MysqlEngine['sweep']> {
    const request: SweepRequest = {
      ...SWEEP,
      session: this.#session.id,
      limit,
      keepCount: DEFAULTS.keepCount,
    }
    return this.engine.sweep(request)
  }
}
