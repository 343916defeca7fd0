/**
 * `npm run check`: everything that can be said about the sources without running them.
 *
 * Owns the list of checks and how their answers are shown. All run at the same time; what passed is one
 * line, what failed is shown whole. Leaves the rules themselves to their own configuration files.
 */
import { spawn } from 'node:child_process'
import { ROOT, setUp } from './setup.js'

/** @type {ReadonlyArray<readonly [name: string, args: readonly string[], mend?: string]>} */
const CHECKS = [
  ['format', ['node_modules/oxfmt/bin/oxfmt', '--check'], 'npm run format'],
  ['lint', ['node_modules/oxlint/bin/oxlint', '--format=unix']],
  ['types', ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.json']],
  ['dead code', ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints']],
  ['house', ['--conditions=windlass-source', '--test', '--test-reporter=dot', 'test/house/*.test.ts']],
]

const SHOWN_LINES = 50

/** The tools see a pipe; whether to colour is decided by where it ends. */
const ENV = { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) }

/**
 * @param {string} node
 * @param {readonly string[]} args
 * @returns {Promise<{ ok: boolean, output: string, seconds: string }>}
 */
function run(node, args) {
  return new Promise((resolve) => {
    const started = performance.now()
    let output = ''
    const child = spawn(node, args, { cwd: ROOT, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (/** @type {Buffer} */ text) => {
      output += text.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      output += String(error)
    })
    child.on('close', (code) => {
      resolve({ ok: code === 0, output, seconds: ((performance.now() - started) / 1000).toFixed(1) })
    })
  })
}

/**
 * The first lines: one wrong type can make a hundred complaints.
 *
 * @param {string} output
 */
function shorten(output) {
  const lines = output.trim().split('\n')
  const rest = lines.length - SHOWN_LINES
  return rest > 0 ? [...lines.slice(0, SHOWN_LINES), `… and ${rest} more lines`].join('\n') : lines.join('\n')
}

const { node } = setUp({ dist: false })
let failed = 0
await Promise.all(
  CHECKS.map(async ([name, args, mend]) => {
    const { ok, output, seconds } = await run(node, args)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${seconds} s`)
    if (ok) return
    failed += 1
    console.log(shorten(output))
    if (mend !== undefined) console.log(`mend: ${mend}`)
  }),
)
if (failed > 0) console.log(`${failed} of ${CHECKS.length} checks failed`)
process.exitCode = failed > 0 ? 1 : 0
