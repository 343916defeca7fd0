// Which worker processes of this user run on this machine, and which store each of them really has open: two processes
// that were given one name can mean two stores (a file that was replaced, a host name that leads elsewhere by now).
// Best effort: where nothing can be written, nothing is known. Holds no secret. Leaves judging to doctor-rules.ts.

import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

import { maskSecrets } from '../core/secrets.ts'

/** A process, and the store behind the URL that it was given. */
export interface RunningProcess {
  readonly pid: number
  /** As configured, without its password. */
  readonly url: string
  readonly instance: string
}

/** Tells that this process has this store open; the answer takes it back. */
export function announceProcess(url: string, instance: string, folder: string = ownFolder()): () => void {
  const file = join(folder, `${process.pid}.json`)
  const told: RunningProcess = { pid: process.pid, url: maskSecrets(url), instance }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isOurs(folder)) return () => undefined
    writeFileSync(file, JSON.stringify(told), { mode: 0o600 })
  } catch {
    return () => undefined
  }
  return () => rmSync(file, { force: true })
}

/** The living processes that were given this URL. What dead ones have left is taken away. */
export function processesOf(url: string, folder: string = ownFolder()): RunningProcess[] {
  try {
    if (!isOurs(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const told = readProcess(join(folder, name))
      return told !== null && told.url === maskSecrets(url) ? [told] : []
    })
  } catch {
    return []
  }
}

function readProcess(file: string): RunningProcess | null {
  try {
    const told = JSON.parse(readFileSync(file, 'utf8')) as RunningProcess
    if (isAlive(told.pid)) return told
    rmSync(file, { force: true })
  } catch {
    // Just being written, or taken away.
  }
  return null
}

function ownFolder(): string {
  return join(tmpdir(), `windlass-${userInfo().username}`)
}

/** A folder of that name that somebody else made is not to be trusted. */
function isOurs(folder: string): boolean {
  const { uid } = lstatSync(folder)
  return lstatSync(folder).isDirectory() && (process.getuid === undefined || uid === process.getuid())
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
