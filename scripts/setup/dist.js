/**
 * `dist`, one file for each file of `src`.
 *
 * Owns building it and the question whether it is as new as the sources. Promises that a half-built `dist`
 * is never seen: it is made beside the old one and put in its place at the end. Leaves the settings to
 * tsconfig.build.json.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const STAMP = '.built'

/**
 * @param {string} root
 * @returns {boolean} whether `dist` is there and no source is newer
 */
export function isDistFresh(root) {
  const stamp = join(root, 'dist', STAMP)
  if (!existsSync(stamp)) return false
  const built = statSync(stamp).mtimeMs
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) => join(root, name))
  return settings.every((file) => statSync(file).mtimeMs <= built) && isOlder(join(root, 'src'), built)
}

/**
 * @param {string} root
 * @param {string} node
 * @returns {boolean} whether it compiled without a complaint; what could be emitted is there either way
 */
export function buildDist(root, node) {
  const started = new Date()
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const fresh = join(root, `dist.${process.pid}.tmp`)
  const args = ['--project', join(root, 'tsconfig.build.json'), '--outDir', fresh]
  const { status } = spawnSync(node, [tsc, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (existsSync(fresh)) {
    copyRest(join(root, 'src'), fresh)
    // Stamped with the time before the build: a source saved meanwhile counts as newer.
    writeFileSync(join(fresh, STAMP), '')
    utimesSync(join(fresh, STAMP), started, started)
    swap(fresh, join(root, 'dist'))
  }
  return status === 0
}

/**
 * @param {string} folder
 * @param {number} time
 * @returns {boolean}
 */
function isOlder(folder, time) {
  if (statSync(folder).mtimeMs > time) return false
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return isOlder(path, time)
    return entry.name.endsWith('.test.ts') || statSync(path).mtimeMs <= time
  })
}

/**
 * What the compiler does not take along: Lua, SQL.
 *
 * @param {string} from
 * @param {string} to
 */
function copyRest(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyRest(join(from, entry.name), join(to, entry.name))
    else if (!entry.name.endsWith('.ts')) {
      mkdirSync(to, { recursive: true })
      copyFileSync(join(from, entry.name), join(to, entry.name))
    }
  }
}

/**
 * @param {string} fresh
 * @param {string} dist
 */
function swap(fresh, dist) {
  const old = `${fresh}.old`
  try {
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(fresh, dist)
  } catch (error) {
    // Another build of the same sources was quicker; its result is as good.
    if (!existsSync(join(dist, STAMP))) throw error
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true })
  }
}
