/**
 * A private PostgreSQL: durable as a user would have it (fsync on), and small.
 */
import { dirname, join } from 'node:path'
import type { Kind } from './kind.ts'
import { findProgram } from './programs.ts'

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '64MB',
  max_connections: '200',
  max_wal_size: '512MB',
  log_min_messages: 'log',
  // Where the clock of the server is what a test reads, it has no zone.
  timezone: 'UTC',
}

export const postgres: Kind = {
  name: 'postgres',
  packages: ['postgresql'],
  account: 'postgres',
  find: () => findProgram(['postgres'], ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin']),
  files: ({ password }) => ({ password: `${password}\n` }),
  // Without waiting for the disk: if the machine loses power now, the test starts anew.
  setUp: ({ program, folder }) => [
    join(dirname(program), 'initdb'),
    '--no-sync',
    '--username=windlass',
    '--auth=scram-sha-256',
    `--pwfile=${join(folder, 'password')}`,
    '--encoding=UTF8',
    '--locale=C',
    `--pgdata=${join(folder, 'data')}`,
  ],
  run: ({ program, folder, port }, settings) => [
    program,
    '-D',
    join(folder, 'data'),
    '-p',
    String(port),
    '-k',
    '',
    ...Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ],
  ready: /ready to accept connections/,
  end: 'SIGQUIT',
  url: ({ port, password }) => `postgres://windlass:${password}@127.0.0.1:${port}/postgres`,
}
