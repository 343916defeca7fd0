// What kind of server this is: its version, whether it may throw keys away, what it keeps of what it acknowledged.
// Promises that a server on which tasks would vanish is refused with the setting that mends it. Where the server does
// not tell its settings (managed ones forbid it), it says so instead of failing.

import type { Durability } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import { failureOf, replyCode } from './failure.ts'
import type { Link } from './link.ts'

/** What is known of a server. */
export interface ServerFacts {
  readonly name: 'Redis' | 'Valkey'
  readonly version: string
  /** Null: the server does not tell. */
  readonly settings: Readonly<Record<string, string>> | null
}

/** The oldest versions that work. */
export const OLDEST = { Redis: [7, 0], Valkey: [7, 2] } as const
const SETTINGS = ['maxmemory', 'maxmemory-policy', 'appendonly', 'appendfsync', 'save'] as const

/** Asks a server about itself. */
export async function readServer(link: Link): Promise<ServerFacts> {
  const info = String(await link.command('INFO', 'server'))
  const field = (name: string): string | null =>
    new RegExp(`^${name}:([^\r\n]*)`, 'm').exec(info)?.[1] ?? null
  const valkey = field('valkey_version')
  return {
    name: valkey === null ? 'Redis' : 'Valkey',
    version: valkey ?? field('redis_version') ?? '0',
    settings: await readSettings(link),
  }
}

async function readSettings(link: Link): Promise<Record<string, string> | null> {
  try {
    const flat = (await link.command('CONFIG', 'GET', ...SETTINGS)) as readonly string[]
    return Object.fromEntries(
      Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']),
    )
  } catch (error) {
    const code = replyCode(error instanceof WindlassError ? error.cause : error)
    if (code === 'NOPERM' || code === 'ERR') return null
    throw failureOf(error)
  }
}

/**
 * Refuses a server on which the promises do not hold.
 * @throws WindlassError `engine_too_old`, `engine_unsafe`
 */
export function checkServer({ name, version, settings }: ServerFacts): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor, wantedMinor] = OLDEST[name]
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    throw new WindlassError(
      'engine_too_old',
      `the server is ${name} ${version}; ${wantedMajor}.${wantedMinor} is the oldest that works`,
      { applied: 'no' },
    )
  }
  const policy = settings?.['maxmemory-policy'] ?? 'noeviction'
  if (policy === 'noeviction') return
  throw new WindlassError(
    'engine_unsafe',
    `the server may throw tasks away when its memory is full (maxmemory-policy ${policy})`,
    { applied: 'no', hint: 'Set `maxmemory-policy noeviction` in the configuration of the server.' },
  )
}

/** What an acknowledged write survives on this server. */
export function durabilityOf({ name, settings }: ServerFacts): Durability {
  if (settings === null) {
    return { class: 'D1', text: `${name} does not tell its settings: what survives a crash is unknown` }
  }
  const memory = settings['maxmemory'] === '0' ? '' : ', enqueue is refused at maxmemory'
  if (settings['appendonly'] === 'yes') {
    switch (settings['appendfsync']) {
      case 'always':
        return {
          class: 'D3',
          text: `on disk before it is acknowledged (${name}, appendfsync always${memory})`,
        }
      case 'everysec':
        return {
          class: 'D2',
          text: `a power cut may lose a second or two, a kill as much while the disk is slow (${name}, appendfsync everysec${memory})`,
        }
      default:
        return {
          class: 'D2',
          text: `survives a killed process; a power cut may lose half a minute (${name}, appendfsync no${memory})`,
        }
    }
  }
  return (settings['save'] ?? '') === ''
    ? { class: 'D0', text: `in memory: lost when the server ends (${name} without persistence${memory})` }
    : {
        class: 'D1',
        text: `a crash loses what is younger than the last snapshot (${name}, RDB only${memory})`,
      }
}
