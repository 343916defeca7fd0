/**
 * A private PgBouncer in transaction mode before a PostgreSQL: `start('pgbouncer', { upstream: url })`.
 *
 * Two connections to the server are shared by all clients, so that a client meets another one's at every turn.
 */
import { join } from 'node:path'
import type { Kind } from './kind.ts'
import { findProgram } from './programs.ts'

const SETTINGS = {
  listen_addr: '127.0.0.1',
  unix_socket_dir: '',
  auth_type: 'plain',
  pool_mode: 'transaction',
  default_pool_size: '2',
  max_client_conn: '200',
}

export const pgbouncer: Kind = {
  name: 'pgbouncer',
  packages: ['pgbouncer'],
  account: 'postgres',
  find: () => findProgram(['pgbouncer']),
  files: ({ folder, port, password }, { upstream = '', ...settings }) => {
    const server = new URL(upstream)
    const login = `user=${server.username} password=${decodeURIComponent(server.password)}`
    const own = { ...SETTINGS, listen_port: String(port), auth_file: join(folder, 'users.txt'), ...settings }
    return {
      'users.txt': `"windlass" "${password}"\n`,
      'pgbouncer.ini': [
        '[databases]',
        `* = host=${server.hostname} port=${server.port} ${login}`,
        '[pgbouncer]',
        ...Object.entries(own).map(([name, value]) => `${name} = ${value}`),
        '',
      ].join('\n'),
    }
  },
  setUp: () => null,
  run: ({ program, folder }) => [program, join(folder, 'pgbouncer.ini')],
  ready: /process up:/,
  end: 'SIGKILL',
  url: ({ port, password }) => `postgres://windlass:${password}@127.0.0.1:${port}/postgres`,
}
