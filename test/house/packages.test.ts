/**
 * What we depend on: exact versions, a lock file that any machine can install from, no install scripts.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './tree.ts'

interface Entry {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, Entry>> }
const installed = Object.entries(packages).filter(([path]) => path !== '')

test('every dependency is an exact version', () => {
  const { dependencies, devDependencies } = read('package.json') as Manifest
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  )
  assert.deepEqual(loose, [])
})

test('the lock file says what, by content, and not from where', () => {
  const vague = installed.filter(
    ([, { version, integrity }]) => version === undefined || integrity === undefined,
  )
  assert.deepEqual(vague, [])
  assert.deepEqual(
    installed.filter(([, { resolved }]) => resolved !== undefined),
    [],
  )
})

// npm drops what it could not find when it wrote the lock file, and `npm ci` elsewhere then refuses it.
test('the lock file names the package of every platform', () => {
  const missing = installed.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !installed.some(([other]) => other.endsWith(`node_modules/${name}`)))
      .map((name) => `${path} → ${name}`),
  )
  assert.deepEqual(missing, [])
})

test('nothing but the pinned Node runs a script when it is installed', () => {
  const scripted = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path)
  assert.deepEqual(scripted, ['node_modules/node'])
})
