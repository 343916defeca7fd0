// The bench as it is called: what it does not know ends it in one line, before anything is measured.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

function bench(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--conditions=windlass-source', MAIN, ...args], { encoding: 'utf8' })
}

for (const [args, named] of [
  [['--quik'], '--quik'],
  [['--engine'], '--engine'],
  [['mysql'], 'argument'],
  [['--engine', 'oracle'], 'oracle'],
] as const)
  test(`ends with 2 and one line: ${args.join(' ')}`, () => {
    const { status, stdout, stderr } = bench(...args)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^[^\n]+\n$/)
    assert.ok(stderr.includes(named), stderr)
  })

test('--help tells what it takes and measures nothing', () => {
  const { status, stdout, stderr } = bench('--help')
  assert.deepEqual([status, stderr], [0, ''])
  for (const option of ['--engine', '--quick', '--json', '--only']) assert.ok(stdout.includes(option))
})
