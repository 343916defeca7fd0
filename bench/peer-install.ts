// Bringing peers: with npm into a cache folder of the exact version, or with Debian's packages where one is root. None
// is a dependency of ours. Promises that a quick run installs nothing, and that what is missing is told in one sentence.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

import { install as installDebian, whyNotInstalled } from '../scripts/test/servers/debian.ts'
import type { Package } from './peer-list.ts'

const run = promisify(execFile)

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'windlass-bench')
/** Debian's packages belong to Debian's Python, whatever else is on PATH. */
export const PYTHON = '/usr/bin/python3'
/** A native build takes a minute or two. */
const INSTALL_MOST = 300_000

/** The folder that an npm package of this version is installed into. */
export function folderOf({ name, version }: Package): string {
  return join(CACHE, `${name}-${version}`)
}

/** The environment without this clone's own Node. */
export function outside(): NodeJS.ProcessEnv {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((one) => !one.includes('node_modules'))
  const { HOME, TMPDIR, npm_config_nodedir } = process.env
  return { HOME, TMPDIR, npm_config_nodedir, PATH: path.join(delimiter) }
}

/**
 * Makes a peer be there.
 * @returns null when it is, else why it is not
 */
export async function bring(
  wanted: Package,
  quick: boolean,
  say: (line: string) => void,
): Promise<string | null> {
  if (await isThere(wanted)) return null
  if (quick) return 'it is not installed here; a run without --quick installs it'
  say(`installing ${wanted.name} ${wanted.version}`.trimEnd())
  const failed = wanted.npm === null ? await fromDebian(wanted) : await fromNpm(wanted)
  return failed ?? ((await isThere(wanted)) ? null : 'it was installed and is not there')
}

async function isThere(wanted: Package): Promise<boolean> {
  if (wanted.npm === null) {
    const modules = ['redis', wanted.name].map((name) => `import ${name}`)
    return run(PYTHON, ['-c', modules.join('\n')]).then(
      () => true,
      () => false,
    )
  }
  const folder = join(folderOf(wanted), 'node_modules')
  const parts = Object.keys(wanted.npm).map((name) => join(folder, name, 'package.json'))
  if (wanted.native === true)
    parts.push(join(folder, 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node'))
  return parts.every((file) => existsSync(file))
}

async function fromDebian({ debian }: Package): Promise<string | null> {
  return whyNotInstalled(process.env) ?? installDebian(debian)
}

async function fromNpm(wanted: Package): Promise<string | null> {
  const folder = folderOf(wanted)
  const { npm: dependencies, overrides = {} } = wanted
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }))
  const scripts = `--ignore-scripts=${wanted.native === true ? 'false' : 'true'}`
  const args = ['install', '--no-audit', '--no-fund', scripts]
  try {
    await run('npm', args, { cwd: folder, env: outside(), timeout: INSTALL_MOST })
    return null
  } catch (error) {
    return `npm could not install it: ${firstLine(error)}`
  }
}

/** What an error says first; the rest is for its author. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
