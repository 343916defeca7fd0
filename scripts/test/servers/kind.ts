/**
 * What a kind of server is: where its programs are, how a fresh one is made, started and addressed.
 *
 * Data and pure answers, one value of this shape per kind (postgres.ts, mysql.ts, …). Leaves processes,
 * folders and ports to instance.ts, and which engines need which kind to ../engines.ts.
 */

/** Servers that an engine needs to be proven. */
export type EngineKind = 'postgres' | 'mysql' | 'redis'

export type KindName = EngineKind | 'pgbouncer'

/** Where one server lives. */
export interface Place {
  /** The server program. */
  readonly program: string
  /** An empty folder of its own, writable by the account that the server runs as. */
  readonly folder: string
  readonly port: number
  readonly password: string
}

/** A program and its arguments. */
export type Command = readonly [file: string, ...args: string[]]

export interface Kind {
  readonly name: KindName
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
  /** Account that owns the package; a server that refuses root, or should not be root, runs as it. */
  readonly account: string
  /** The server program on this machine; null: there is none. */
  find(): string | null
  /** Files that have to be there before `setUp`, by name. They may hold the password: mode 0600. */
  files(place: Place, settings: Readonly<Record<string, string>>): Readonly<Record<string, string>>
  /** Makes an empty store; null: the server does it at its first start. */
  setUp(place: Place): Command | null
  /** Runs the server in the foreground; `settings` are in its own spelling and win over ours. */
  run(place: Place, settings: Readonly<Record<string, string>>): Command
  /** The line with which it says that it takes connections. */
  readonly ready: RegExp
  /** Ends it at once; what is unwritten may be lost. */
  readonly end: NodeJS.Signals
  url(place: Pick<Place, 'port' | 'password'>): string
}
