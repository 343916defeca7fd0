/**
 * A newcomer's clone: no .git, a path with a space and Chinese letters, NODE_ENV=production, an old Node.
 *
 * The tests of this file build on each other, in order: one installation is dear enough.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { firstNode, makeClone, OFFLINE, oldNode, run } from './clone.ts'

const clone = makeClone('wind lass 绞盘 ')
const elsewhere = mkdtempSync(join(tmpdir(), 'windlass-user-'))
const pinned = join(
  clone.root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
)
const lockFile = join(clone.root, 'package-lock.json')
const PRODUCTION = { NODE_ENV: 'production' }
const IMPORT = "import('windlass').then((it) => console.log(typeof it.defineTask))"

after(() => {
  clone.remove()
  rmSync(elsewhere, { recursive: true, force: true, maxRetries: 3 })
})

test('without network and cache, set-up stops with one sentence of ours', () => {
  const { code, out, err } = clone.run(firstNode, ['scripts/setup.js'], {
    ...OFFLINE,
    npm_config_cache: join(elsewhere, 'empty cache'),
  })
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, /\nwindlass: npm could not install [^\n]*\n$/)
})

test('set-up installs everything, developer tools too, and prints the Node to use', () => {
  const lock = readFileSync(lockFile, 'utf8')
  const { code, out, err } = clone.run(firstNode, ['scripts/setup.js'], PRODUCTION)
  assert.equal(code, 0, err)
  assert.equal(out.trim(), pinned)
  assert.ok(existsSync(join(clone.root, 'node_modules', 'typescript')))
  assert.equal(readFileSync(lockFile, 'utf8'), lock, 'the lock file is left alone')
  const { version } =
    (JSON.parse(lock) as { packages: Record<string, { version: string }> }).packages['node_modules/node'] ??
    {}
  assert.equal(clone.run(pinned, ['--version']).out.trim(), `v${version}`)
})

test('the second run needs no network and no patience', () => {
  const { code, out, err, ms } = clone.run(firstNode, ['scripts/setup.js'], { ...PRODUCTION, ...OFFLINE })
  assert.equal(code, 0, err)
  assert.equal(out.trim(), pinned)
  assert.equal(err, '')
  assert.ok(ms < 3_000, `${ms} ms`)
})

test('what was installed by npm itself is not installed again', () => {
  rmSync(join(clone.root, 'node_modules', '.windlass-setup'))
  const { code, err } = clone.run(firstNode, ['scripts/setup.js'], OFFLINE)
  assert.equal(code, 0, err)
  assert.equal(err, '')
})

test('packages that were pruned come back', () => {
  const packed = join(clone.root, 'node_modules', '.package-lock.json')
  const tree = JSON.parse(readFileSync(packed, 'utf8')) as { packages: Record<string, unknown> }
  delete tree.packages['node_modules/acorn']
  writeFileSync(packed, JSON.stringify(tree))
  rmSync(join(clone.root, 'node_modules', 'acorn'), { recursive: true })
  const { code, err } = clone.run(firstNode, ['scripts/setup.js'], PRODUCTION)
  assert.equal(code, 0, err)
  assert.ok(existsSync(join(clone.root, 'node_modules', 'acorn', 'package.json')))
  assert.equal(clone.run(pinned, ['--version']).code, 0, 'and the pinned Node is still there')
})

test("import 'windlass' works in the clone: dist for users, sources for us", () => {
  const users = clone.run(pinned, ['--eval', IMPORT])
  assert.deepEqual([users.code, users.out.trim()], [0, 'function'], users.err)
  const ours = clone.run(pinned, ['--conditions=windlass-source', '--eval', IMPORT])
  assert.deepEqual([ours.code, ours.out.trim()], [0, 'function'], ours.err)
})

test('the command runs in the clone, on an old Node by way of the pinned one', () => {
  for (const node of [firstNode, pinned]) {
    const { code, out, err } = clone.run(node, ['bin/windlass.js', '--version'])
    assert.deepEqual([code, out.trim()], [0, '0.1.0'], err)
  }
})

test('the command runs the sources where dist is absent or older', () => {
  rmSync(join(clone.root, 'dist'), { recursive: true })
  const { code, out, err } = clone.run(pinned, ['bin/windlass.js', '--version'])
  assert.deepEqual([code, out.trim()], [0, '0.1.0'], err)
})

test('an installed tarball can be imported and run, and holds no sources', () => {
  const pack = clone.run('npm', ['pack', '--pack-destination', elsewhere])
  assert.equal(pack.code, 0, pack.err)
  const tarball = readdirSync(elsewhere).find((name) => name.endsWith('.tgz')) ?? ''
  writeFileSync(join(elsewhere, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
  const install = run(elsewhere, 'npm', ['install', `./${tarball}`], {})
  assert.equal(install.code, 0, install.err)
  const imported = run(elsewhere, pinned, ['--eval', IMPORT], {})
  assert.deepEqual([imported.code, imported.out.trim()], [0, 'function'], imported.err)
  const kit = run(
    elsewhere,
    pinned,
    ['--eval', "import('windlass/testing').then((it) => console.log(typeof it))"],
    {},
  )
  assert.deepEqual([kit.code, kit.out.trim()], [0, 'object'], kit.err)
  const packageRoot = join(elsewhere, 'node_modules', 'windlass')
  const command = run(elsewhere, pinned, [join(packageRoot, 'bin', 'windlass.js'), '--version'], {})
  assert.deepEqual([command.code, command.out.trim()], [0, '0.1.0'], command.err)
  assert.equal(existsSync(join(packageRoot, 'src')), false)
  const tests = readdirSync(join(packageRoot, 'dist'), { recursive: true }).filter((name) =>
    String(name).includes('.test.'),
  )
  assert.deepEqual(tests, [])
})

test('an installed tarball brings its types', () => {
  const lines = [
    "import { defineTask } from 'windlass'",
    "const task = defineTask({ name: 'a', run: async (input: { n: number }) => input.n })",
    'export const name: string = task.name',
    '// @ts-expect-error a task type is not a number, so it is not any either',
    'export const wrong: number = task',
  ]
  writeFileSync(join(elsewhere, 'user.ts'), lines.join('\n'))
  const modules = join(clone.root, 'node_modules')
  const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext', '--types', 'node']
  const tsc = [join(modules, 'typescript', 'bin', 'tsc'), ...flags, '--typeRoots', join(modules, '@types')]
  const { code, out } = run(elsewhere, pinned, [...tsc, 'user.ts'], {})
  assert.deepEqual([code, out], [0, ''])
})

test(
  'an installed command on an old Node says which one it needs',
  { skip: oldNode === undefined && 'no old Node here' },
  () => {
    const command = join(elsewhere, 'node_modules', 'windlass', 'bin', 'windlass.js')
    const { code, out, err } = run(elsewhere, firstNode, [command, 'enqueue'], {})
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^windlass: Node 24 or newer is needed, and this is Node [\d.]+\.\n$/)
  },
)
