/**
 * `node_modules` as `package-lock.json` says.
 *
 * Owns the question whether it is so, and the one npm call when it is not. Promises that an unchanged lock
 * file costs a few milliseconds and no network, also where npm was run by hand before. Leaves the pinned
 * Node to its own file, because `ignore-scripts` can leave that one package empty.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './npm.js'

/**
 * @typedef {{ version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Entry
 * @typedef {Record<string, Entry | undefined>} Entries
 */

/**
 * @param {string} root
 * @returns {{ ok: boolean, installed: boolean }}
 */
export function ensureDependencies(root) {
  const stampFile = join(root, 'node_modules', '.windlass-setup')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampOf(root)) {
    return { ok: true, installed: false }
  }
  const fits = matches(packagesIn(join(root, 'package-lock.json')), packagesIn(treeFile(root)))
  if (!fits && !install(root)) return { ok: false, installed: false }
  writeFileSync(stampFile, stampOf(root))
  return { ok: true, installed: !fits }
}

/**
 * Where nothing is installed yet, exactly the lock file; otherwise only what differs, so that a process
 * which runs from this folder keeps its files. Neither writes package.json or the lock file.
 *
 * @param {string} root
 */
function install(root) {
  const fresh = !existsSync(join(root, 'node_modules'))
  console.error('windlass: installing what is missing …')
  return npm(root, [...(fresh ? ['ci'] : ['install', '--no-save']), '--include=dev', '--include=optional'])
}

/** @param {string} root */
const treeFile = (root) => join(root, 'node_modules', '.package-lock.json')

/**
 * Both what was asked for and what npm last left behind: pruning by hand must not go unseen.
 *
 * @param {string} root
 */
function stampOf(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of [join(root, 'package-lock.json'), treeFile(root)]) {
    hash.update(existsSync(file) ? readFileSync(file) : '-').update('\n')
  }
  return hash.digest('hex')
}

/**
 * @param {string} file
 * @returns {Entries | undefined}
 */
function packagesIn(file) {
  if (!existsSync(file)) return undefined
  return /** @type {{ packages?: Entries }} */ (JSON.parse(readFileSync(file, 'utf8'))).packages
}

/**
 * @param {Entries | undefined} wanted
 * @param {Entries | undefined} present
 */
function matches(wanted, present) {
  if (wanted === undefined || present === undefined) return false
  return Object.keys(wanted).every((path) => {
    const want = wanted[path]
    const have = present[path]
    if (path === '' || want === undefined) return true
    return have === undefined ? !belongsHere(want) : have.version === want.version
  })
}

/** @param {Entry} entry */
function belongsHere({ optional, os, cpu, libc }) {
  if (optional !== true) return true
  return os !== undefined && cpu !== undefined && libc === undefined
    ? os.includes(process.platform) && cpu.includes(process.arch)
    : false
}
