/**
 * The account that a server runs as.
 *
 * Root drops to the account of the package, else to nobody: PostgreSQL and MariaDB refuse to be root, and no
 * server of a test needs to be. Everybody else runs it as themselves.
 */
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'

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

/** A temporary folder that this account can reach: root's own may be closed to it. */
export function temporaryFolderFor(account: Account | null): string {
  const folder = tmpdir()
  return account === null || isOpenToAll(folder) ? folder : '/tmp'
}

function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0
  return isOpen && (folder === dirname(folder) || isOpenToAll(dirname(folder)))
}
