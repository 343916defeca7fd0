/**
 * A fresh clone in a temporary folder, and commands run in it as a newcomer would.
 *
 * Owns copying what git would give (tracked files and new ones, no node_modules, no dist, no .git), an old
 * Node if the machine has one, and a network that is not there. Leaves every expectation to the tests.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.windlass', 'coverage', '.env'])
const EXE = process.platform === 'win32' ? 'node.exe' : 'node'

/** Nothing listens there, and npm is told not to try. */
export const OFFLINE = { npm_config_offline: 'true', npm_config_registry: 'http://127.0.0.1:9/' }

export interface Answer {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly ms: number
}

export interface Clone {
  readonly root: string
  /** Runs a command in the clone, `node` first meaning the old one of the machine, if there is one. */
  readonly run: (command: string, args: readonly string[], env?: NodeJS.ProcessEnv) => Answer
  readonly remove: () => void
}

export function makeClone(prefix: string): Clone {
  const root = mkdtempSync(join(tmpdir(), prefix))
  for (const name of readdirSync(ROOT)) {
    if (!LEFT_OUT.has(name) && !name.endsWith('.tgz') && !name.endsWith('.tmp')) {
      cpSync(join(ROOT, name), join(root, name), { recursive: true, preserveTimestamps: true })
    }
  }
  return {
    root,
    run: (command, args, env = {}) => run(root, command, args, env),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** A Node of this machine that is too old for us, else undefined. */
export const oldNode: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.split(sep).includes('node_modules'))
  .map((folder) => join(folder, EXE))
  .find((file) => existsSync(file) && majorOf(file) < 24)

/** What a newcomer has: the old Node if there is one, because that is the harder case. */
export const firstNode = oldNode ?? process.execPath

function majorOf(node: string): number {
  return Number.parseInt(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.slice(1), 10)
}

export function run(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Answer {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...outerEnvironment(), ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 110_000,
  })
  return { code: status, out: stdout, err: stderr, ms: performance.now() - started }
}

/** Without what npm and the test runner put there for this run; the packages of this checkout are near. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, PATH = '', ...rest } = process.env
  const others = PATH.split(delimiter).filter((folder) => !folder.split(sep).includes('node_modules'))
  return {
    ...rest,
    PATH: [dirname(firstNode), ...others].join(delimiter),
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  }
}
