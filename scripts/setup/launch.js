/**
 * Running an entry file of ours on the pinned Node, in place of this process.
 *
 * Owns how the two hang together: same terminal, same signals, same exit. Promises that one Ctrl-C reaches
 * the program once. Leaves what runs to the caller.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'

/** @type {readonly NodeJS.Signals[]} */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * @param {string} node
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} its exit code, or 128 + the signal that ended it
 */
export function launch(node, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: 'inherit', env: withNodeFirst(node, env) })
    const listeners = FORWARDED.map((signal) => /** @type {const} */ ([signal, () => pass(child, signal)]))
    for (const [signal, listener] of listeners) process.on(signal, listener)
    const watch = watchNpm(() => child.kill('SIGTERM'))
    child.on('error', (error) => {
      console.error(`windlass: ${node} could not be started: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code, signal) => {
      clearInterval(watch)
      for (const [name, listener] of listeners) process.off(name, listener)
      resolve(code === null ? 128 + (signal === null ? 0 : constants.signals[signal]) : code)
    })
  })
}

/**
 * A terminal sends Ctrl-C to the whole group, the program included; sending it on would make it the second
 * signal, which means "do not wait".
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function pass(child, signal) {
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  if (signal === 'SIGTERM' || !atTerminal) child.kill(signal)
}

/**
 * npm passes a signal on to the shell it started, and that dies without telling us. Left alone, the program
 * would run on behind a prompt that says it has ended.
 *
 * @param {() => void} orphaned
 */
function watchNpm(orphaned) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return undefined
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    orphaned()
  }, 200)
  return watch
}

/**
 * Whatever the program starts as `node` is the same Node.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function withNodeFirst(node, env) {
  return { ...env, PATH: [dirname(node), env.PATH || ''].join(delimiter) }
}
