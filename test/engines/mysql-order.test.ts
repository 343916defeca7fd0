// The skip detector (CONTRACT rule 22) on MySQL or MariaDB: two producers whose commits overtake each other, releases, three
// priorities, a reading and a writing transaction of somebody else held open all the while. No ready task waits longer
// than 250 ms beyond its turn.

import { after, before, test } from 'node:test'

import mysql from 'mysql2/promise'

import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { newPlace, SERVER } from './mysql-place.ts'
import { judgeTurns } from './turns.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false
const place = skip === false ? newPlace() : null
let engine: MysqlEngine
const foreign: mysql.Connection[] = []

before(async () => {
  if (place === null) return
  engine = await openMysql(place.url)
  await engine.migrate()
})
after(async () => {
  if (place === null) return
  await Promise.all(foreign.map((client) => client.end()))
  await engine.close()
  await place.drop()
})

/** A client of somebody else with a transaction that it leaves open. */
async function openForeign(...statements: readonly string[]): Promise<mysql.Connection> {
  const client = await mysql.createConnection(SERVER ?? '')
  foreign.push(client)
  for (const sql of statements) await client.query(sql)
  return client
}

test('no ready task waits beyond its turn, whoever keeps what open', { skip, timeout: 120_000 }, async () => {
  await openForeign('START TRANSACTION', `SELECT count(*) FROM ${place?.prefix}tasks`)
  await openForeign('CREATE TEMPORARY TABLE mine (n int)', 'START TRANSACTION', 'INSERT INTO mine VALUES (1)')
  const producers = await Promise.all([openForeign(), openForeign()])
  await judgeTurns(engine, producers)
})
