/**
 * A private Redis or Valkey: an append-only file that is synced every second, nothing evicted.
 */
import { join } from 'node:path'
import type { Kind } from './kind.ts'
import { findProgram } from './programs.ts'

export const redis: Kind = {
  name: 'redis',
  packages: ['redis-server'],
  account: 'redis',
  find: () => findProgram(['redis-server', 'valkey-server']),
  // In a file, because arguments can be read by everybody on the machine.
  files: ({ folder, password }) => ({
    'redis.conf': [
      `requirepass ${password}`,
      `dir "${folder}"`,
      'bind 127.0.0.1',
      'daemonize no',
      'save ""',
      'appendonly yes',
      'appendfsync everysec',
      'maxmemory-policy noeviction',
      '',
    ].join('\n'),
  }),
  setUp: () => null,
  run: ({ program, folder, port }, settings) => [
    program,
    join(folder, 'redis.conf'),
    '--port',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
  ],
  ready: /Ready to accept connections/i,
  end: 'SIGKILL',
  url: ({ port, password }) => `redis://:${password}@127.0.0.1:${port}/0`,
}
