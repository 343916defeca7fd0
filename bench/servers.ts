// The servers of a bench run: private ones with durable settings, each started when it is first needed, shared by ours
// and the peers, gone with the run however it ends. A store is an empty database of its own.
// What is not to be had here is said once; what needs it is left out. Leaves processes to scripts/test/servers.

import { setTimeout as sleep } from 'node:timers/promises'

import { createClient } from '@redis/client'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'

import type { EngineKind } from '../scripts/test/servers/kind.ts'
import { KINDS } from '../scripts/test/servers/kinds.ts'
import { Servers } from '../scripts/test/servers/servers.ts'

/** Beside what the tests' servers have: fsync, synchronous_commit, the binary log synced, the append-only file. */
const SETTINGS: Readonly<Record<EngineKind, Readonly<Record<string, string>>>> = {
  postgres: { shared_buffers: '1GB', max_wal_size: '4GB' },
  mysql: { 'innodb-buffer-pool-size': '1G', 'innodb-log-file-size': '1G' },
  redis: {},
}
/** A quick run has little to keep, perhaps on a small machine. */
const QUICK: Readonly<Record<string, string>> = { shared_buffers: '256MB', 'innodb-buffer-pool-size': '256M' }

const DATABASES = Array.from({ length: 16 }, (_, number) => number)

/** An empty store on one of the servers. */
export interface Store {
  readonly url: string
  readonly remove: () => Promise<void>
}

export class BenchServers {
  readonly #quick: boolean
  readonly #say: (line: string) => void
  readonly #urls = new Map<EngineKind, Promise<string | null>>()
  #servers: Servers | null = null
  readonly #taken = new Set<number>()
  #stores = 0

  /** @param quick installs nothing */
  constructor(quick: boolean, say: (line: string) => void) {
    this.#quick = quick
    this.#say = say
  }

  /** True: a server of this kind runs now. */
  async has(kind: EngineKind): Promise<boolean> {
    return (await this.#at(kind)) !== null
  }

  /** A new, empty store. */
  async newStore(kind: EngineKind): Promise<Store> {
    const url = await this.#at(kind)
    if (url === null) throw new Error(`there is no server of ${kind} here`)
    if (kind === 'redis') return this.#newDatabase(url)
    const name = `bench_${++this.#stores}`
    await runSql(kind, url, `CREATE DATABASE ${name}`)
    return {
      url: url.replace(/[^/]*$/, name),
      remove: () => runSql(kind, url, `DROP DATABASE ${name}${kind === 'postgres' ? ' WITH (FORCE)' : ''}`),
    }
  }

  /** Redis has sixteen numbered databases; so many stores are never open at once. */
  #newDatabase(server: string): Store {
    const number = DATABASES.find((one) => !this.#taken.has(one))
    if (number === undefined) throw new Error('every database of Redis is taken')
    this.#taken.add(number)
    const url = server.replace(/[^/]*$/, String(number))
    const remove = async (): Promise<void> => {
      await flush(url)
      this.#taken.delete(number)
    }
    return { url, remove }
  }

  /** Ends them all. */
  async close(): Promise<void> {
    await this.#servers?.close()
  }

  #at(kind: EngineKind): Promise<string | null> {
    const known = this.#urls.get(kind) ?? this.#start(kind)
    this.#urls.set(kind, known)
    return known
  }

  async #start(kind: EngineKind): Promise<string | null> {
    if (this.#quick && KINDS[kind].find() === null) {
      this.#say(`skipped: no server of ${kind} is on this machine; a run without --quick gets one`)
      return null
    }
    this.#servers ??= new Servers(this.#say)
    const wanted = Object.entries(SETTINGS[kind])
    const settings = this.#quick
      ? wanted.map(([name, value]) => [name, QUICK[name] ?? value] as const)
      : wanted
    try {
      return (await this.#servers.start(kind, Object.fromEntries(settings))).url
    } catch (error) {
      this.#say(`skipped: a server of ${kind} cannot be had: ${error instanceof Error ? error.message : ''}`)
      return null
    }
  }
}

/** Waits until Redis does not rewrite its files any more, which it does after a fill, beside whatever is measured. */
export async function untilCalm(url: string): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  const busy = /^(aof_rewrite_in_progress|aof_rewrite_scheduled|rdb_bgsave_in_progress):1/m
  while (busy.test(await client.info('persistence'))) await sleep(50)
  await client.close()
}

async function flush(url: string): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  await client.flushDb()
  await client.close()
}

async function runSql(kind: EngineKind, url: string, statement: string): Promise<void> {
  if (kind === 'mysql') {
    const connection = await createConnection(url)
    await connection.query(statement)
    await connection.end()
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}
