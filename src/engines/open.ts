// From an engine URL to an open engine. Each engine is imported only when it is asked for, so nobody loads a driver
// that is not used. Promises that no message repeats what may be a password. Opening does not migrate.

import type { Engine, EngineOptions } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { DEFAULTS } from '../core/limits.ts'

/** What openEngine() takes beside the URL. */
export interface OpenOptions extends EngineOptions {
  /** `heart`: this connection is in a thread of its own and may block it while it waits for a lock. */
  readonly role: 'hot' | 'heart'
}

/** Engines that are planned: their URLs are recognised, so that the refusal can say so. */
const LATER: Readonly<Record<string, string>> = {
  amqp: 'RabbitMQ',
  amqps: 'RabbitMQ',
}

/**
 * Opens the engine that a URL names; does not migrate.
 * @param url `sqlite:path`, `sqlite::memory:`, `memory:`; `?namespace=x` keeps systems apart in one store
 * @throws WindlassError `engine_url_invalid`, `engine_not_available`, or what the engine says
 */
export async function openEngine(url: string, options: Partial<OpenOptions> = {}): Promise<Engine> {
  const whole: OpenOptions = {
    namespace: options.namespace ?? 'windlass',
    now: options.now ?? null,
    callTimeout: options.callTimeout ?? DEFAULTS.callTimeout,
    role: options.role ?? 'hot',
    ...(options.pool === undefined ? {} : { pool: options.pool }),
    ...(options.program === undefined ? {} : { program: options.program }),
  }
  // SQLAlchemy's spelling names the driver too: `postgresql+asyncpg`.
  const [scheme = ''] = schemeOf(url).split('+')
  switch (scheme) {
    case 'memory': {
      const { openMemory } = await import('./memory/engine.ts')
      return openMemory(whole)
    }
    case 'sqlite': {
      const { parseSqliteAddress } = await import('./sqlite/address.ts')
      const { openSqlite } = await import('./sqlite/sqlite-engine.ts')
      return openSqlite(parseSqliteAddress(url, whole.namespace), whole)
    }
    case 'postgres':
    case 'postgresql': {
      const { openPostgres } = await import('./postgres/postgres-engine.ts')
      return openPostgres(url, whole)
    }
    case 'mysql':
    case 'mariadb': {
      const { openMysql } = await import('./mysql/mysql-engine.ts')
      return openMysql(url, whole)
    }
    case 'redis':
    case 'rediss':
    case 'valkey':
    case 'valkeys': {
      const { openRedis } = await import('./redis/redis-engine.ts')
      return openRedis(url, whole)
    }
    default:
      throw unknownEngine(scheme)
  }
}

/** The scheme in lower case; of anything else nothing is repeated, since it may be a secret. */
function schemeOf(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*):/i.exec(url)
  if (match === null)
    throw new WindlassError('engine_url_invalid', 'an engine URL begins with its kind, such as sqlite:')
  return match[1]?.toLowerCase() ?? ''
}

function unknownEngine(scheme: string): WindlassError {
  const name = LATER[scheme]
  if (name !== undefined) {
    return new WindlassError('engine_not_available', `the engine for ${name} is not part of this version`)
  }
  return new WindlassError('engine_url_invalid', `no engine is called ${JSON.stringify(scheme.slice(0, 30))}`)
}
