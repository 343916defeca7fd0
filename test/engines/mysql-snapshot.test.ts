// What a claim costs on MySQL or MariaDB while somebody holds a snapshot open, so that nothing that ended is cleaned away:
// judged by the pages that the server looks at, on a server of the test's own. A look with locks has to find out for each
// dead entry of the index who changed it last; one without steps over hundreds of them with every page.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import mysql, { type RowDataPacket } from 'mysql2/promise'

import { mintToken } from '../../src/core/ids.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import { startOwn } from '../servers/own-server.ts'

/** Tasks that were done since the snapshot was taken. */
const DEAD = 6_000
const BATCH = 1_000
/** Pages that a claim may look at beyond this are looked at for the dead. */
const MOST = DEAD / 4

async function claimAndSettle(
  engine: MysqlEngine,
  session: string,
  limit: number,
): Promise<readonly TaskRecord[]> {
  const [reply] = await engine.claim([{ session, claimId: mintToken(), queues: ['default'], limit }])
  const tasks = reply?.tasks ?? []
  await engine.settle(
    tasks.map(({ id, claim }) => {
      const outcome = outcomes.succeed()
      return { id, claim: claim ?? '', guard: 'claim' as const, outcome, followUps: [], logs: [] }
    }),
  )
  return tasks
}

test(
  'a claim that finds few tasks, or none, does not look at those that are dead',
  { timeout: 120_000 },
  (t) =>
    startOwn(t, { kind: 'mysql', settings: {} }, async ({ url }) => {
      const engine = await openMysql(url)
      const other = await mysql.createConnection(url)
      t.after(() => Promise.all([engine.close(), other.end()]))
      await engine.migrate()
      const session = newSession()
      await engine.startSession([session])
      await other.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
      for (let i = 0; i < DEAD; i += BATCH) {
        await engine.enqueue(Array.from({ length: BATCH }, () => newTask({ minted: true })))
        await claimAndSettle(engine, session.id, BATCH)
      }
      const pages = async (): Promise<number> => {
        const [rows] = await other.query<RowDataPacket[]>(
          "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'",
        )
        return Number(rows[0]?.['Value'])
      }
      for (const ready of [0, 1, 10]) {
        if (ready > 0) await engine.enqueue(Array.from({ length: ready }, () => newTask({ minted: true })))
        const before = await pages()
        const tasks = await claimAndSettle(engine, session.id, 100)
        const looked = (await pages()) - before
        assert.equal(tasks.length, ready)
        assert.ok(looked < MOST, `a claim of ${ready} looked at ${looked} pages`)
      }
    }),
)
