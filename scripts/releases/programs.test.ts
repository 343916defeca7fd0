/** Programs of a tree: run by the loader that is in it, in the process that was started, with our arguments last. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { prepare } from './programs.ts'

/** Where this machine has the loader and the libraries of its own programs, as Debian lays them out. */
const [libraries] = globSync('/lib/*-linux-gnu*')
const skip = libraries === undefined ? 'not a Debian machine' : false

const tree = mkdtempSync(join(tmpdir(), 'windlass-tree-'))
after(() => rmSync(tree, { recursive: true }))

test('a program is run by its own loader in the same process, also when prepared twice', { skip }, () => {
  for (const folder of ['lib', 'usr/bin']) mkdirSync(join(tree, folder), { recursive: true })
  symlinkSync(libraries ?? '', join(tree, 'lib', basename(libraries ?? '')))
  copyFileSync('/bin/sh', join(tree, 'usr/bin/shell'))
  prepare(tree, { 'usr/bin/shell': ['@/last'] })
  const [folder = ''] = prepare(tree, { 'usr/bin/shell': ['@/last'] })
  const script = 'echo "$$"; echo "$0"; tr "\\0" "\\n" < /proc/$$/cmdline | head -n 1'
  const { pid, stdout } = spawnSync(join(folder, 'shell'), ['-c', script], { encoding: 'utf8' })
  const [shown, last, loader = ''] = stdout.split('\n')
  assert.deepEqual([Number(shown), last], [pid, join(tree, 'last')])
  assert.ok(loader.startsWith(join(tree, 'lib')), loader)
})
