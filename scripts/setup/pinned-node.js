/**
 * The Node that everything here runs on.
 *
 * Owns the order of choice: the pinned one from `node_modules`; the same version fetched as the platform's
 * own package where install scripts are switched off; a Node of the machine that is new enough. Promises
 * that what it returns was run once. Never changes the machine's own Node.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { npm } from './npm.js'

export const OLDEST_NODE = 24

const EXE = process.platform === 'win32' ? 'node.exe' : 'node'

/**
 * @param {string} root
 * @returns {string} where the pinned Node is, once it is installed
 */
export function pinnedNodePath(root) {
  return join(root, 'node_modules', 'node', 'bin', EXE)
}

/**
 * @param {string} root
 * @returns {string | undefined}
 */
export function ensureNode(root) {
  const pinned = pinnedNodePath(root)
  if (majorOf(pinned) >= OLDEST_NODE) return pinned
  if (fetchPlatformPackage(root, pinned) && majorOf(pinned) >= OLDEST_NODE) return pinned
  const onPath = (process.env.PATH || '').split(delimiter).map((folder) => join(folder, EXE))
  return [process.execPath, ...onPath].find((path) => majorOf(path) >= OLDEST_NODE)
}

/**
 * @param {string} path
 * @returns {number} 0 if it does not run
 */
export function majorOf(path) {
  if (!existsSync(path)) return 0
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return status === 0 ? Number.parseInt(stdout.slice(1), 10) || 0 : 0
}

/**
 * The `node` package is empty; its install script would have fetched one of these and linked the binary.
 *
 * @param {string} root
 * @param {string} pinned
 */
function fetchPlatformPackage(root, pinned) {
  const manifest = join(root, 'node_modules', 'node', 'package.json')
  if (!existsSync(manifest)) return false
  const { version } = /** @type {{ version: string }} */ (JSON.parse(readFileSync(manifest, 'utf8')))
  const name = platformPackage(process.platform, process.arch)
  const folder = join(root, 'node_modules', '.windlass-node')
  console.error(`windlass: fetching ${name} ${version}, because the node package came without its binary …`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const flags = ['--ignore-scripts', '--no-save', '--no-package-lock']
  if (!npm(folder, ['install', `${name}@${version}`, ...flags])) return false
  return place(root, join(folder, 'node_modules', name, 'bin', EXE), pinned)
}

/**
 * @param {string} platform
 * @param {string} arch
 */
export function platformPackage(platform, arch) {
  if (platform === 'win32') return `node-win-${arch === 'ia32' ? 'x86' : arch}`
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${platform}-${arch}`
}

/**
 * Where the install script would have put it, so that npm scripts and npx find it too.
 *
 * @param {string} root
 * @param {string} binary
 * @param {string} pinned
 */
function place(root, binary, pinned) {
  if (!existsSync(binary)) return false
  mkdirSync(join(pinned, '..'), { recursive: true })
  if (!attempt(() => linkSync(binary, pinned))) attempt(() => copyFileSync(binary, pinned))
  if (process.platform !== 'win32') {
    mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true })
    attempt(() => symlinkSync(join('..', 'node', 'bin', EXE), join(root, 'node_modules', '.bin', EXE)))
  }
  return true
}

/** @param {() => void} action */
function attempt(action) {
  try {
    action()
    return true
  } catch {
    return false
  }
}
