// What is measured: engines of ours, each on a new, empty store, with the bare loop beside it as a yardstick.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { EngineKind } from '../scripts/test/servers/kind.ts'
import type { Engine } from '../src/core/engine.ts'
import { openEngine } from '../src/engines/open.ts'
import type { Bare } from './bare.ts'
import { untilCalm, type BenchServers } from './servers.ts'

/** An engine that can be measured. */
export interface Subject {
  readonly name: string
  /** Runs with the address of an empty store, and removes it. */
  readonly withStore: <R>(run: (url: string) => Promise<R>) => Promise<R>
  /** Opens the bare loop in an empty store; null: there is none. */
  readonly bare: ((url: string) => Promise<Bare>) | null
  /** Null: it needs none. */
  readonly server: EngineKind | null
  /** Waits until the store has done what it does by itself after a fill. */
  readonly rest?: (url: string) => Promise<void>
}

/** Where a URL of the bare loop is one of ours, the folder is what it is about. */
const folderOf = (url: string): string => url.replace(/^sqlite:/, '').replace(/\/store\.db.*$/, '')

function inFile(name: string, parameters: string): Subject {
  return {
    name,
    withStore: (run) => withFolder((folder) => run(`sqlite:${join(folder, 'store.db')}${parameters}`)),
    bare: async (url) => new (await import('./bare-sqlite.ts')).BareSqlite(folderOf(url)),
    server: null,
  }
}

function onServer(name: EngineKind, servers: BenchServers, bare: Subject['bare']): Subject {
  return {
    name,
    withStore: async (run) => {
      const store = await servers.newStore(name)
      try {
        return await run(store.url)
      } finally {
        await store.remove()
      }
    },
    bare,
    server: name,
  }
}

/** Everything that can be measured; whether a server is to be had is found out later. */
export function subjectsOn(servers: BenchServers): readonly Subject[] {
  return [
    { name: 'memory', withStore: (run) => run('memory:'), bare: null, server: null },
    inFile('sqlite', ''),
    { ...inFile('sqlite-normal', '?synchronous=normal'), bare: null },
    onServer('postgres', servers, async (url) => (await import('./bare-postgres.ts')).BarePostgres.open(url)),
    {
      ...onServer('redis', servers, async (url) => (await import('./bare-redis.ts')).BareRedis.open(url)),
      rest: untilCalm,
    },
    onServer('mysql', servers, async (url) => (await import('./bare-mysql.ts')).BareMysql.open(url)),
  ]
}

/** Runs with a new, migrated store of an engine, and removes it. */
export function withEngine<R>(
  subject: Subject,
  run: (engine: Engine, url: string) => Promise<R>,
): Promise<R> {
  return subject.withStore(async (url) => {
    const engine = await openEngine(url)
    try {
      await engine.migrate()
      return await run(engine, url)
    } finally {
      await engine.close()
    }
  })
}

/** Runs with the bare loop in a new store, and removes it. */
export function withBare<R>(subject: Subject, run: (bare: Bare) => Promise<R>): Promise<R> {
  return subject.withStore(async (url) => {
    const bare = await subject.bare?.(url)
    if (bare === undefined) throw new Error(`there is no bare loop for ${subject.name}`)
    try {
      return await run(bare)
    } finally {
      await bare.close()
    }
  })
}

const folders = new Set<string>()

/** An interrupted run comes to no end of its own. */
process.on('exit', () => {
  for (const folder of folders) remove(folder)
})

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** Runs with a temp folder, and removes it. */
export async function withFolder<R>(run: (folder: string) => Promise<R> | R): Promise<R> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-'))
  folders.add(folder)
  try {
    return await run(folder)
  } finally {
    remove(folder)
  }
}
