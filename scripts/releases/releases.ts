/**
 * The releases of servers that Windlass is proven on beside the one at hand: the oldest, the newest, and what is refused.
 *
 * Data only: which suite of Debian brings each, and which of its programs are run. A suite that moves on brings a
 * newer release of the same series. Leaves fetching to archive.ts and running to proof.ts.
 */
import type { EngineKind } from '../test/servers/kind.ts'
import type { Programs } from './programs.ts'

export interface Release {
  readonly engine: EngineKind
  /** As people call the series. */
  readonly name: string
  /** Suites of Debian's archive; more than one where the first leaves libraries to another. */
  readonly suites: readonly string[]
  readonly packages: readonly string[]
  readonly programs: Programs
  /** Too old: opening it has to fail. */
  readonly refused: boolean
}

function postgres(version: string, ...suites: string[]): Release {
  const folder = `usr/lib/postgresql/${version}/bin`
  return {
    engine: 'postgres',
    name: `PostgreSQL ${version}`,
    suites,
    packages: [`postgresql-${version}`],
    programs: { [`${folder}/postgres`]: [], [`${folder}/initdb`]: [] },
    refused: false,
  }
}

/** Their own messages, character sets and plugins, and not those of a server that the machine has. */
const BASE = ['--basedir=@/usr']

/** `mariadb-install-db` is a script that calls the other three. */
const MARIADB: Programs = {
  'usr/sbin/mariadbd': BASE,
  'usr/bin/mariadb-install-db': BASE,
  'usr/bin/my_print_defaults': [],
  'usr/bin/resolveip': [],
}

function mariadb(version: string, suite: string, ...packages: string[]): Release {
  const name = `MariaDB ${version}`
  return { engine: 'mysql', name, suites: [suite], packages, programs: MARIADB, refused: false }
}

function redis(name: 'Redis' | 'Valkey', version: string, ...suites: string[]): Release {
  const program = `${name.toLowerCase()}-server`
  return {
    engine: 'redis',
    name: `${name} ${version}`,
    suites,
    packages: [program],
    programs: { [`usr/bin/${program}`]: [] },
    refused: false,
  }
}

export const RELEASES: readonly Release[] = [
  postgres('13', 'bullseye'),
  postgres('17', 'trixie'),
  postgres('18', 'sid'),
  { ...mariadb('10.5', 'bullseye', 'mariadb-server-core-10.5'), refused: true },
  mariadb('11.8', 'trixie', 'mariadb-server-core', 'mariadb-client-core'),
  {
    engine: 'mysql',
    name: 'MySQL 9.7',
    suites: ['sid'],
    packages: ['mysql-server-core'],
    // Debian's folder for files of SELECT … INTO, which nobody has made here.
    programs: { 'usr/sbin/mysqld': [...BASE, '--secure-file-priv=NULL'] },
    refused: false,
  },
  { ...redis('Redis', '6.0', 'bullseye'), refused: true },
  redis('Redis', '8.0', 'trixie'),
  redis('Redis', '8.6', 'experimental', 'sid'),
  redis('Valkey', '8.0', 'bookworm-backports', 'bookworm'),
  redis('Valkey', '8.1', 'trixie'),
  redis('Valkey', '9.1', 'sid'),
]
