#!/usr/bin/env node
/**
 * The command `windlass`.
 *
 * Owns one decision: which Node runs which copy of the command line. Plain JavaScript that parses on Node 14,
 * so that an old Node gets a sentence and not a syntax error. In a clone, `dist` is used while it is as new
 * as the sources, else the sources run as they are. Leaves everything else to src/cli/main.ts.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const OLDEST_NODE = 24
const self = fileURLToPath(import.meta.url)
const root = join(dirname(self), '..')
const source = join(root, 'src', 'cli', 'main.ts')
const built = join(root, 'dist', 'cli', 'main.js')

/** @returns {Promise<void>} */
async function main() {
  const isClone = existsSync(source)
  const args = process.argv.slice(2)
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    const node = isClone ? await findPinnedNode() : undefined
    return node === undefined ? refuse(isClone) : replace(node, [self, ...args])
  }
  if (isClone && !existsSync(join(root, 'node_modules'))) {
    return stop('this clone has no dependencies yet; npm ci installs them.')
  }
  if (isClone && !(await isBuiltFresh())) {
    return replace(process.execPath, ['--conditions=windlass-source', source, ...args])
  }
  await import(pathToFileURL(built).href)
}

async function findPinnedNode() {
  const { majorOf, pinnedNodePath } = await import('../scripts/setup/pinned-node.js')
  const pinned = pinnedNodePath(root)
  return majorOf(pinned) >= OLDEST_NODE ? pinned : undefined
}

async function isBuiltFresh() {
  const { isDistFresh } = await import('../scripts/setup/dist.js')
  return existsSync(built) && isDistFresh(root)
}

/**
 * The same process where Node can do that, so that signals and the terminal need nobody in between.
 *
 * @param {string} node
 * @param {readonly string[]} args
 */
async function replace(node, args) {
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, ...args], process.env)
  }
  const { launch } = await import('../scripts/setup/launch.js')
  process.exitCode = await launch(node, args)
}

/** @param {boolean} isClone */
function refuse(isClone) {
  const hint = isClone ? '; npm ci puts one into this clone' : ''
  stop(`Node ${OLDEST_NODE} or newer is needed, and this is Node ${process.versions.node}${hint}.`)
}

/** @param {string} sentence */
function stop(sentence) {
  console.error(`windlass: ${sentence}`)
  process.exitCode = 1
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
