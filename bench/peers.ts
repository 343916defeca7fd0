// The peer that figures are compared with: plainjob, which is installed into a cache folder when a full run first needs
// it and is no dependency of ours. Its driver is native and belongs to the Node it was built with, so npm and the peer
// run on the Node that is found outside this clone. Whatever fails is told in a line; the figures are then left out.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const NAME = 'plainjob 0.0.14'
const PACKAGES = ['plainjob@0.0.14', 'better-sqlite3@12.11.1']
const FOLDER = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'windlass-bench',
  'plainjob-0.0.14',
)
const DRIVER = join(FOLDER, 'node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node')
const PROGRAM = fileURLToPath(new URL('./peers/plainjob.js', import.meta.url))
/** A native build takes a minute or two. */
const INSTALL_MOST = 300_000
const RUN_MOST = 120_000

/** An installed peer. */
export interface Peer {
  readonly name: string
  /** Tasks per second. */
  readonly rate: (what: 'process' | 'bulk', tasks: number) => Promise<number>
}

/** The peer; null, with a printed line, when it is not to be had. A quick run installs nothing. */
export async function findPeer(quick: boolean, say: (line: string) => void): Promise<Peer | null> {
  try {
    if (!existsSync(DRIVER)) {
      if (quick) {
        say(`skipped: ${NAME} is not installed here; a run without --quick installs it into ${FOLDER}`)
        return null
      }
      say(`installing ${NAME} …`)
      await install()
    }
    await rate('bulk', 1_000)
    return { name: NAME, rate }
  } catch (error) {
    const words = error instanceof Error ? error.message.split('\n')[0] : String(error)
    say(`skipped: ${NAME} cannot be run here: ${words}`)
    return null
  }
}

/** The environment without this clone's own Node. */
function outside(): NodeJS.ProcessEnv {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((one) => !one.includes('node_modules'))
  const { HOME, TMPDIR, npm_config_nodedir } = process.env
  return { HOME, TMPDIR, npm_config_nodedir, PATH: path.join(delimiter) }
}

async function install(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', ...PACKAGES]
  await run('npm', args, { cwd: FOLDER, env: outside(), timeout: INSTALL_MOST })
}

async function rate(what: 'process' | 'bulk', tasks: number): Promise<number> {
  const args = [PROGRAM, FOLDER, what, String(tasks)]
  const { stdout } = await run('node', args, { env: outside(), timeout: RUN_MOST })
  return Number(stdout)
}
