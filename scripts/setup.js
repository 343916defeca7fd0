/**
 * Set-up: from a fresh clone to something that runs.
 *
 * Owns the order (dependencies, the pinned Node, `dist`) and the one sentence it stops with. Runs on the
 * Node that happens to be there, 18 or newer, and uses nothing but that. Everything after it runs on the
 * Node it returns. `node scripts/setup.js` prints the path of that Node.
 */
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureDependencies } from './setup/dependencies.js'
import { buildDist, isDistFresh } from './setup/dist.js'
import { ensureNode, OLDEST_NODE } from './setup/pinned-node.js'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * @param {{ dist?: boolean }} [options] `dist: false` where only sources are looked at
 * @returns {{ node: string }}
 */
export function setUp(options = {}) {
  const { ok } = ensureDependencies(ROOT)
  if (!ok) return stop('npm could not install what package-lock.json lists (its own words are above).')
  const node = ensureNode(ROOT)
  if (node === undefined) {
    const found = `this is Node ${process.versions.node}, and the pinned one does not run on this machine`
    return stop(`Node ${OLDEST_NODE} or newer is needed: ${found}.`)
  }
  if (options.dist !== false && !isDistFresh(ROOT) && !buildDist(ROOT, node)) {
    console.error('windlass: the sources have type errors; `npm run check` lists them.')
  }
  return { node }
}

/**
 * @param {string} sentence
 * @returns {never}
 */
function stop(sentence) {
  console.error(`windlass: ${sentence}`)
  process.exit(1)
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(setUp().node)
}
