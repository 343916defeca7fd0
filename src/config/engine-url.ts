// Which engine: the order of DESIGN §9, and the spellings that are understood for a URL. Pure; opens nothing.
// Relative SQLite paths become absolute here, from the config's folder, so that every process means the same file.

import { isAbsolute, resolve } from 'node:path'

import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { Field, Found, Picker } from './origin.ts'
import { readSecret, readText, readWhole } from './readers.ts'

export interface EngineChoice {
  readonly url: string
  /** URL of the SQL store behind a broker; null: the engine is its own store. */
  readonly store: string | null
  /** The seed's variable that decided (`REDIS_URL`); null: it was said, or nothing was. */
  readonly seed: string | null
}

const DEFAULT_ENGINE = 'sqlite:.windlass/windlass.db'

const SCHEMES: Readonly<Record<string, string>> = {
  sqlite: 'sqlite',
  memory: 'memory',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mariadb',
  redis: 'redis',
  rediss: 'rediss',
  valkey: 'valkey',
  valkeys: 'valkeys',
  amqp: 'amqp',
  amqps: 'amqps',
}

const url = (env: readonly string[], ...keys: string[]): Field<string> => ({
  keys,
  env,
  read: readText,
  secret: 'url',
})

const FIELDS = {
  engine: url(['WINDLASS_ENGINE'], 'engine'),
  store: url(['WINDLASS_STORE'], 'store'),
  rabbit: url(['RABBITMQ_URL'], 'rabbitmq.url'),
  redis: url(['REDIS_URL'], 'redis.url'),
  database: url(['DATABASE_URL'], 'database.url'),
  redisHost: { keys: ['redis.host'], env: ['REDIS_HOST'], read: readText },
  redisPort: { keys: ['redis.port'], env: ['REDIS_PORT'], read: readWhole(1, 65_535) },
  redisDb: { keys: ['redis.db', 'redis.database'], env: ['REDIS_DB'], read: readWhole(0, 1_000_000) },
  redisPassword: { keys: ['redis.password'], env: ['REDIS_PASSWORD'], read: readSecret, secret: 'all' },
} as const satisfies Record<string, Field<string> | Field<number>>

/**
 * The engine that is to be used.
 * @param root folder that relative SQLite paths start from
 * @throws WindlassError `engine_url_invalid`, `config_invalid`
 */
export function chooseEngine(picker: Picker, root: string): EngineChoice {
  const said = picker.find(FIELDS.engine)
  if (said !== null) {
    const chosen = normalise(said.value, root, isPython(said))
    const store = isBroker(chosen) ? chooseStore(picker, root) : null
    picker.remember(FIELDS.engine, chosen, said)
    return { url: chosen, store, seed: null }
  }
  const seed = picker.find(FIELDS.rabbit) ?? findRedis(picker) ?? picker.find(FIELDS.database)
  if (seed === null) {
    const chosen = normalise(DEFAULT_ENGINE, root, false)
    picker.remember(FIELDS.engine, chosen, null)
    return { url: chosen, store: null, seed: null }
  }
  const chosen = normalise(seed.value, root, true)
  picker.remember(FIELDS.engine, chosen, seed)
  return { url: chosen, store: isBroker(chosen) ? chooseStore(picker, root) : null, seed: seed.name }
}

function chooseStore(picker: Picker, root: string): string {
  const found = picker.find(FIELDS.store) ?? picker.find(FIELDS.database)
  const store = normalise(found?.value ?? DEFAULT_ENGINE, root, found !== null && isPython(found))
  picker.remember(FIELDS.store, store, found)
  return store
}

/** `REDIS_URL`, or the parts of it that the seeds' programs know. */
function findRedis(picker: Picker): Found<string> | null {
  const whole = picker.find(FIELDS.redis)
  const password = picker.find(FIELDS.redisPassword)?.value
  if (whole !== null) {
    if (password === undefined || whole.value.includes('@')) return whole
    return { ...whole, value: whole.value.replace('://', `://:${encodeURIComponent(password)}@`) }
  }
  const host = picker.find(FIELDS.redisHost)
  if (host === null) return null
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`
  const port = picker.find(FIELDS.redisPort)?.value ?? 6_379
  return {
    ...host,
    value: `redis://${login}${host.value}:${port}/${picker.find(FIELDS.redisDb)?.value ?? 0}`,
  }
}

/** Variables of the seeds come from Python programs: `sqlite:///x` is a relative path there. */
function isPython(found: Found<string>): boolean {
  return found.name === 'DATABASE_URL' || found.name === 'database.url'
}

function isBroker(engine: string): boolean {
  return engine.startsWith('amqp')
}

/**
 * A URL in the one spelling that engines see: no SQLAlchemy driver, SQLite paths absolute.
 * @param python `sqlite:///x` means a relative path, as SQLAlchemy has it; with `+driver` it does always
 * @throws WindlassError `engine_url_invalid`
 */
function normalise(raw: string, root: string, python: boolean): string {
  const match = /^([a-z]+)(\+[\w-]+)?:(.*)$/is.exec(raw.trim())
  const scheme = SCHEMES[match?.[1]?.toLowerCase() ?? '']
  if (match === null || scheme === undefined) {
    throw new WindlassError(
      'engine_url_invalid',
      `this is no engine URL: ${JSON.stringify(maskSecrets(raw))}`,
      {
        hint: `Use one of ${Object.keys(SCHEMES).join(', ')}, such as sqlite:.windlass/windlass.db or postgres://user:…@host/db.`,
      },
    )
  }
  const rest = match[3] ?? ''
  if (scheme === 'memory') return `memory:${rest}`
  if (scheme === 'sqlite') return `sqlite:${sqlitePath(rest, root, python || match[2] !== undefined)}`
  if (!/^\/\/[^/]/.test(rest)) {
    throw new WindlassError(
      'engine_url_invalid',
      `the engine URL names no host: ${JSON.stringify(maskSecrets(raw))}`,
    )
  }
  return `${scheme}:${rest}`
}

function sqlitePath(rest: string, root: string, python: boolean): string {
  const [, path = '', query = ''] = /^([^?]*)(\?.*)?$/s.exec(rest) ?? []
  if (path === ':memory:' || path === '//' || path === '') return `:memory:${query}`
  // sqlite://x is relative, sqlite:///x absolute; in SQLAlchemy's way sqlite:///x is relative, sqlite:////x absolute.
  const bare = path.startsWith('//') ? path.slice(python ? 3 : 2) : path
  if (bare === ':memory:') return `:memory:${query}`
  return `${isAbsolute(bare) ? bare : resolve(encodePath(root), bare)}${query}`
}

/** The folder is a real path: what a URL would read as something else in it is written as the engine reads it back. */
function encodePath(folder: string): string {
  return folder.replace(/[%?#]/g, encodeURIComponent)
}
