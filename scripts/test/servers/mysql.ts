/**
 * A private MariaDB (or MySQL): every commit on disk, with a binary log, and small.
 */
import { basename, dirname, join } from 'node:path'
import type { Kind, Place } from './kind.ts'
import { findProgram } from './programs.ts'

const SETTINGS = {
  'bind-address': '127.0.0.1',
  'innodb-buffer-pool-size': '128M',
  'innodb-flush-log-at-trx-commit': '1',
  'log-bin': 'binlog',
  'sync-binlog': '1',
  'server-id': '1',
  'max-connections': '200',
  'skip-name-resolve': 'ON',
}

export const mysql: Kind = {
  name: 'mysql',
  packages: ['mariadb-server'],
  account: 'mysql',
  find: () => findProgram(['mariadbd', 'mysqld']),
  // Run at each start: the second time it finds everything there.
  files: ({ password }) => ({
    'init.sql': [
      'CREATE DATABASE IF NOT EXISTS windlass;',
      `CREATE USER IF NOT EXISTS 'windlass'@'127.0.0.1' IDENTIFIED BY '${password}';`,
      "GRANT ALL PRIVILEGES ON *.* TO 'windlass'@'127.0.0.1' WITH GRANT OPTION;",
      '',
    ].join('\n'),
  }),
  setUp: (place) => {
    const installer = findProgram(['mariadb-install-db'], [dirname(place.program)])
    if (basename(place.program) === 'mysqld' && installer === null)
      return [place.program, '--no-defaults', '--initialize-insecure', dataOf(place)]
    return [
      installer ?? 'mariadb-install-db',
      '--no-defaults',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      dataOf(place),
    ]
  },
  run: (place, settings) => [
    place.program,
    '--no-defaults',
    dataOf(place),
    // Servers that share a temporary folder clean each other's files away when they start.
    `--tmpdir=${place.folder}`,
    `--port=${place.port}`,
    `--socket=${join(place.folder, 'socket')}`,
    `--pid-file=${join(place.folder, 'pid')}`,
    `--init-file=${join(place.folder, 'init.sql')}`,
    ...Object.entries({ ...SETTINGS, ...settings }).map(([name, value]) => `--${name}=${value}`),
  ],
  ready: /ready for connections/,
  end: 'SIGKILL',
  url: ({ port, password }) => `mysql://windlass:${password}@127.0.0.1:${port}/windlass`,
}

function dataOf({ folder }: Place): string {
  return `--datadir=${join(folder, 'data')}`
}
