// Children get the flags that say how modules are found, and none that belong to one process.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { childFlags } from './node-flags.ts'

test('flags about modules are passed on, with their values', () => {
  const flags = [
    '--conditions=windlass-source',
    '-C',
    'other',
    '--import',
    './hooks.js',
    '-r',
    'x',
    '--enable-source-maps',
  ]
  assert.deepEqual(childFlags(flags), flags)
  assert.deepEqual(childFlags(['--experimental-strip-types', '--no-warnings']), [
    '--experimental-strip-types',
    '--no-warnings',
  ])
})

test('flags of one process are not', () => {
  const flags = [
    '--inspect',
    '--inspect-brk=9229',
    '--test',
    '--max-old-space-size=64',
    '--cpu-prof',
    '--watch',
  ]
  assert.deepEqual(childFlags([...flags, '--experimental-test-coverage', '-e', '1', '--import']), [])
})
