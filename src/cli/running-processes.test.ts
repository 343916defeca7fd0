/** Processes tell which store they really have open; the dead are forgotten, and no password is written down. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { announceProcess, processesOf } from './running-processes.ts'

const parent = mkdtempSync(join(tmpdir(), 'windlass-processes-'))
after(() => rmSync(parent, { recursive: true, force: true }))

const URL = 'postgres://me:s3cret@db/app'

test('a process is found by its URL for as long as it says so', () => {
  const folder = join(parent, 'a')
  const end = announceProcess(URL, 'i1', folder)
  assert.deepEqual(processesOf(URL, folder), [
    { pid: process.pid, url: 'postgres://me:***@db/app', instance: 'i1' },
  ])
  assert.deepEqual(processesOf('postgres://me:s3cret@db/other', folder), [])
  assert.ok(!readFileSync(join(folder, `${process.pid}.json`), 'utf8').includes('s3cret'))
  end()
  assert.deepEqual(readdirSync(folder), [])
})

test('what a dead process has left is taken away, and what cannot be read is no process', () => {
  const folder = join(parent, 'b')
  announceProcess(URL, 'i1', folder)
  const { pid } = spawnSync('true')
  const left = join(folder, `${pid}.json`)
  writeFileSync(left, JSON.stringify({ pid, url: 'postgres://me:***@db/app', instance: 'i2' }))
  writeFileSync(join(folder, 'x.json'), '{')
  assert.deepEqual(
    processesOf(URL, folder).map(({ instance }) => instance),
    ['i1'],
  )
  assert.equal(existsSync(left), false)
})

test('where nothing can be written, nothing is known and nothing fails', () => {
  const file = join(parent, 'file')
  writeFileSync(file, '')
  announceProcess(URL, 'i1', join(file, 'below'))()
  assert.deepEqual(processesOf(URL, join(file, 'below')), [])
})
