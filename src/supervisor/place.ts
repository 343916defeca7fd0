// Where a supervisor of one name lives on this machine: its socket, its state file, its lock, below the root folder of
// the config. Promises that whoever has the same root and name gets the same paths, and that a socket path is short
// enough for every system. Leaves using them to lock.ts, state.ts, control-server.ts and ask.ts.

import { createHash } from 'node:crypto'
import { accessSync, constants, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'

import { WindlassError } from '../core/errors.ts'

/** The name of a supervisor that was given none. */
export const DEFAULT_NAME = 'worker'

/** Paths of one supervisor. Its workers are `<name>-1`, `<name>-2`, … */
export interface Place {
  readonly name: string
  readonly socket: string
  readonly state: string
  readonly lock: string
}

/** Systems cut a longer socket path, or refuse it (104 bytes on macOS, 108 on Linux, the end included). */
const SOCKET_BYTES = 100
const FILE_BYTES = 100

/**
 * The place of a supervisor. Makes nothing.
 * @param root folder that relative paths of the config start from
 * @param temp folder of temporary files; the socket moves there when its path would be too long, everything when
 *   nothing can be written below the root
 */
export function placeOf(root: string, name: string = DEFAULT_NAME, temp: string = tmpdir()): Place {
  const file = encodeURIComponent(name)
  const near = mayWrite(root) && Buffer.byteLength(file) <= FILE_BYTES
  const own = join(temp, `windlass-${userInfo().username}`, 'supervisors')
  const hash = createHash('sha256')
    .update(`${realPath(root)}\0${name}`)
    .digest('hex')
    .slice(0, 24)
  const base = near ? join(root, '.windlass', file) : join(own, hash)
  const socket =
    Buffer.byteLength(`${base}.sock`) <= SOCKET_BYTES ? `${base}.sock` : join(own, `${hash}.sock`)
  return {
    name,
    socket: process.platform === 'win32' ? `\\\\.\\pipe\\windlass-${hash}` : socket,
    state: `${base}.state.json`,
    lock: `${base}.lock`,
  }
}

/**
 * Makes the folders of a place. One in the folder of temporary files must be this user's alone.
 * @throws WindlassError `refused`
 */
export function makePlace({ socket, state }: Place): void {
  const folders = process.platform === 'win32' ? [dirname(state)] : [dirname(state), dirname(socket)]
  for (const folder of new Set(folders)) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw new WindlassError('refused', `the folder ${folder} cannot be made`, {
        cause,
        hint: 'Let this user write there: the supervisor keeps its socket and its state in it.',
      })
    }
    if (folder.endsWith('supervisors')) refuseStrange(folder)
  }
}

function refuseStrange(folder: string): void {
  const { uid, mode } = lstatSync(folder)
  const strange = process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o077) !== 0)
  if (!strange) return
  throw new WindlassError('refused', `the folder ${folder} belongs to somebody else, or is open to others`, {
    hint: 'Remove it, or set TMPDIR to a folder of this user.',
  })
}

function mayWrite(root: string): boolean {
  const folder = join(root, '.windlass')
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return isWritable(root)
    return false
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
