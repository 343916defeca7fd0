// The peers that figures are compared with: which version, from where, which program of ours asks it, in which of its
// manners. Each program uses its peer as the peer's own documentation says to use it for speed. Nothing here runs.

import type { EngineKind } from '../scripts/test/servers/kind.ts'

/** Where a peer comes from, once for all of its manners. */
export interface Package {
  readonly name: string
  readonly version: string
  /** Our program that asks it. */
  readonly program: URL
  /** What npm installs, exactly; null: Debian's packages below. */
  readonly npm: Readonly<Record<string, string>> | null
  readonly overrides?: Readonly<Record<string, string>>
  /** A native driver: built by, and run on, the Node outside this clone. */
  readonly native?: boolean
  readonly debian: readonly string[]
}

/** One manner of a peer. */
export interface PeerSpec {
  readonly name: string
  readonly from: Package
  readonly variant: string
  /** Null: a file in a folder. */
  readonly server: EngineKind | null
  /** So slow that it is asked no more tasks than these in one measurement. */
  readonly most: { readonly process: number; readonly single: number; readonly bulk: number }
}

const PLAINJOB: Package = {
  program: new URL('./peers/plainjob.js', import.meta.url),
  name: 'plainjob',
  version: '0.0.14',
  npm: { plainjob: '0.0.14', 'better-sqlite3': '12.11.1' },
  native: true,
  debian: [],
}
const BULLMQ: Package = {
  program: new URL('./peers/bullmq.js', import.meta.url),
  name: 'bullmq',
  version: '6.7.0',
  npm: { bullmq: '6.7.0', ioredis: '6.0.0', pg: '8.23.1' },
  debian: [],
}
const GRAPHILE: Package = {
  program: new URL('./peers/graphile-worker.js', import.meta.url),
  name: 'graphile-worker',
  version: '0.18.0',
  npm: { 'graphile-worker': '0.18.0', pg: '8.23.1' },
  debian: [],
}
const PG_BOSS: Package = {
  program: new URL('./peers/pg-boss.js', import.meta.url),
  name: 'pg-boss',
  version: '12.38.0',
  npm: { 'pg-boss': '12.38.0' },
  // It asks for a version that the registry does not have.
  overrides: { 'rrule-temporal': '2.2.7' },
  debian: [],
}
const RQ: Package = {
  program: new URL('./peers/rq_peer.py', import.meta.url),
  name: 'rq',
  version: '',
  npm: null,
  debian: ['python3-rq', 'python3-redis'],
}
const CELERY: Package = {
  program: new URL('./peers/celery_peer.py', import.meta.url),
  name: 'celery',
  version: '',
  npm: null,
  debian: ['python3-celery', 'python3-redis'],
}

const ALL = { process: Infinity, single: Infinity, bulk: Infinity }

export const PEERS = {
  plainjob: spec('plainjob', PLAINJOB, null, { most: { ...ALL, process: 20_000 } }),
  bullmq: spec('BullMQ', BULLMQ, 'redis', {}),
  rq: spec('RQ, forking', RQ, 'redis', {
    most: { process: 1_000, single: 5_000, bulk: 10_000 },
  }),
  celery: spec('Celery, prefork', CELERY, 'redis', {
    most: { process: 10_000, single: 5_000, bulk: 5_000 },
  }),
  graphileFast: spec('graphile-worker, fast', GRAPHILE, 'postgres', {
    variant: 'fast',
    most: { ...ALL, single: 5_000 },
  }),
  graphile: spec('graphile-worker', GRAPHILE, 'postgres', {
    most: { process: 10_000, single: 5_000, bulk: 50_000 },
  }),
  pgBoss: spec('pg-boss', PG_BOSS, 'postgres', { most: { ...ALL, single: 5_000 } }),
  pgBossFour: spec('pg-boss, 4 loops', PG_BOSS, 'postgres', {
    variant: '4',
    most: { ...ALL, single: 5_000 },
  }),
  bullmqPostgres: spec('BullMQ on PostgreSQL', BULLMQ, 'postgres', {
    variant: 'postgres',
    most: { process: 10_000, single: 5_000, bulk: 50_000 },
  }),
} as const satisfies Readonly<Record<string, PeerSpec>>

function spec(
  name: string,
  from: Package,
  server: EngineKind | null,
  { variant = 'default', most = ALL }: Partial<Pick<PeerSpec, 'variant' | 'most'>>,
): PeerSpec {
  const [first, ...rest] = name.split(', ')
  const named = [`${first} ${from.version}`.trimEnd(), ...rest].join(', ')
  return { name: named, from, variant, server, most }
}
