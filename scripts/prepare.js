/**
 * npm's `prepare`: `dist` after an install in a clone and before packing.
 *
 * Promises not to fail an install: without the compiler (a production install) there is nothing to do, and
 * what the sources have to complain about is told by `npm run check`. Packing does insist.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildDist, isDistFresh } from './setup/dist.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = existsSync(join(root, 'node_modules', 'typescript', 'bin', 'tsc'))
const packing = process.env.npm_command === 'pack' || process.env.npm_command === 'publish'
const built = isDistFresh(root) || (compiler && buildDist(root, process.execPath))
if (packing && !built) {
  console.error('windlass: dist could not be built, so there is nothing to pack.')
  process.exitCode = 1
}
