/**
 * One call of npm, the way the user has it.
 *
 * Owns finding npm; keeps its talk off standard output, which belongs to whoever asked for set-up. Leaves
 * every setting (registry, cache, offline, scripts) to the user's own npm configuration.
 */
import { spawnSync } from 'node:child_process'

/**
 * @param {string} cwd
 * @param {readonly string[]} args
 * @returns {boolean} whether npm says it worked
 */
export function npm(cwd, args) {
  const cli = process.env.npm_execpath || ''
  const isNpm = cli.endsWith('npm-cli.js')
  const command = isNpm ? process.execPath : 'npm'
  const all = [...(isNpm ? [cli] : []), ...args, '--no-audit', '--no-fund', '--loglevel=error']
  const shell = !isNpm && process.platform === 'win32'
  return spawnSync(command, all, { cwd, shell, stdio: ['ignore', 2, 2] }).status === 0
}
