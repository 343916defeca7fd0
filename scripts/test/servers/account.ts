/**
 * The account that a server runs as.
 *
 * Root drops to the account of the package, else to nobody: PostgreSQL and MariaDB refuse to be root, and no
 * server of a test needs to be. Everybody else runs it as themselves.
 */
import { readFileSync } from 'node:fs'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Null: stay who we are. */
export function accountFor(name: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const wanted of [name, 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return null
}
