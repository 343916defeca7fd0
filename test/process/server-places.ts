/**
 * Fresh stores on test servers, each apart from all others on its server, so that what is left of one can be told: a
 * database of its own on PostgreSQL and MySQL, a user of its own on Redis.
 */ import { setTimeout as sleep } from 'node:timers/promises'

import { createClient } from '@redis/client'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'

import { mintToken } from '../../src/core/ids.ts'
import { withNamespace } from '../../src/engines/namespaces.ts'
import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import type { StorePlace } from './store-place.ts'

const ACTIVITY = `SELECT coalesce(application_name, '') || ' ' || coalesce(state, '') AS says FROM pg_stat_activity
  WHERE datname = $1 AND backend_type = 'client backend'`

/** Makes a database; whoever connects to it is of this test. */
export async function settlePostgres(server: string): Promise<StorePlace> {
  const name = `windlass_${newName()}`
  const ask = async (sql: string, ...values: string[]): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql, values)).rows
    } finally {
      await client.end()
    }
  }
  const connections = async (): Promise<string[]> =>
    (await ask(ACTIVITY, name)).map(({ says }) => String(says))
  await ask(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: withNamespace(url.href, 'crash'),
    isCalm: async () => !(await connections()).some((says) => says.includes('in transaction')),
    connections,
    check: () => Promise.resolve(),
    drop: async () => void (await ask(`DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

const PROCESSES = `SELECT concat_ws(' ', p.command, p.state, t.trx_state) AS says FROM information_schema.processlist p
  LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id WHERE p.db = ?`

/** Makes a database; whoever connects to it is of this test. */
export async function settleMysql(server: string): Promise<StorePlace> {
  const name = `windlass_${newName()}`
  const ask = async (sql: string, ...values: string[]): Promise<RowDataPacket[]> => {
    const client = await mysql.createConnection(server)
    try {
      const [rows] = await client.query<RowDataPacket[]>(sql, values)
      return rows
    } finally {
      await client.end()
    }
  }
  const connections = async (): Promise<string[]> =>
    (await ask(PROCESSES, name)).map(({ says }) => String(says))
  await ask(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: withNamespace(url.href, 'crash'),
    isCalm: async () => {
      // The server looks at its transactions ten times a second, whoever asks.
      await sleep(120)
      return !(await connections()).some((says) => /RUNNING|LOCK WAIT|COMMITTING/.test(says))
    },
    connections,
    check: () => Promise.resolve(),
    drop: async () => void (await ask(`DROP DATABASE ${name}`)),
  }
}

/** Makes a user whose keys are those of one namespace; whoever is connected as that user is of this test. */
export async function settleRedis(server: string): Promise<StorePlace> {
  const name = newName()
  const password = newName()
  const ask = async (...command: string[]): Promise<unknown> => {
    const client = createClient({ url: server })
    await client.connect()
    try {
      return await client.sendCommand(command)
    } finally {
      client.destroy()
    }
  }
  await ask('ACL', 'SETUSER', name, 'on', `>${password}`, `~{windlass:${name}}:*`, '&*', '+@all')
  const url = new URL(server)
  url.username = name
  url.password = password
  return {
    url: withNamespace(url.href, name),
    // A script is run whole or not at all.
    isCalm: () => Promise.resolve(true),
    connections: async () => {
      const clients = String(await ask('CLIENT', 'LIST')).split('\n')
      return clients.filter((says) => says.includes(` user=${name} `))
    },
    check: () => Promise.resolve(),
    drop: async () => {
      await ask('ACL', 'DELUSER', name)
      await dropNamespace(parseRedisAddress(server, name))
    },
  }
}

function newName(): string {
  return `p${mintToken().slice(0, 20)}`
}
