import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { isGone, leadsGroup, readIdentity } from './identity.ts'

const self = readIdentity()
/** No process has this id: above every limit that systems set. */
const NOBODY = 2 ** 30

test('this process lives, and knows when it began', () => {
  assert.equal(self.pid, process.pid)
  assert.notEqual(self.startTime, '')
  assert.equal(isGone(self, self), false)
})

test('another process lives until it ends', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const [pid] = [child.pid ?? 0]
  const reader = `import('${new URL('./identity.ts', import.meta.url).href}')`
  const told = spawn(process.execPath, [
    '-e',
    `${reader}.then((m) => console.log(m.readIdentity().startTime))`,
  ])
  told.stdout.setEncoding('utf8')
  const [text] = (await once(told.stdout, 'data')) as [string]
  await once(told, 'exit')
  assert.notEqual(text.trim(), '')
  assert.equal(isGone({ ...self, pid: told.pid ?? 0, startTime: text.trim() }, self), true, 'it has ended')
  assert.equal(isGone({ ...self, pid, startTime: 'another' }, self), true, 'its pid was reused')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isGone({ ...self, pid }, self), true)
})

test('nobody is judged across hosts, boots or pid namespaces, or without knowing them', () => {
  const gone = { ...self, pid: NOBODY }
  assert.equal(isGone(gone, self), true)
  assert.equal(isGone({ ...gone, host: 'elsewhere' }, self), false)
  assert.equal(isGone({ ...gone, bootId: 'before' }, self), false)
  assert.equal(isGone({ ...gone, pidSpace: 'pid:[0]' }, self), false)
  assert.equal(isGone({ ...gone, startTime: '' }, self), false)
  const blind = { ...self, bootId: '' }
  assert.equal(isGone({ ...gone, bootId: '' }, blind), false)
})

test('whether a process leads its group', async () => {
  assert.equal(typeof leadsGroup(), 'boolean')
  const reader = `import('${new URL('./identity.ts', import.meta.url).href}')`
  for (const detached of [true, false]) {
    const child = spawn(process.execPath, ['-e', `${reader}.then((m) => console.log(m.leadsGroup()))`], {
      detached,
    })
    child.stdout.setEncoding('utf8')
    const [text] = (await once(child.stdout, 'data')) as [string]
    assert.equal(text.trim(), String(detached))
  }
})
