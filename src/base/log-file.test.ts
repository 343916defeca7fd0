// A log file that rotates, fails and recovers, with a moved clock; several processes on one path are in test/process.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import { LogFile, type LogFileOptions } from './log-file.ts'

interface Rig {
  readonly folder: string
  readonly path: string
  readonly clock: ManualClock
  readonly told: string[]
  readonly open: (options?: Partial<LogFileOptions>) => LogFile
  readonly read: (n?: number) => string
}

function rig(t: TestContext, mounted = false): Rig {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-log-'))
  const path = join(folder, 'logs', 'w.log')
  const clock = new ManualClock()
  const told: string[] = []
  const files: LogFile[] = []
  t.after(() => {
    for (const file of files) file.close()
    if (mounted) spawnSync('umount', ['-l', join(folder, 'logs')])
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    path,
    clock,
    told,
    open(options = {}) {
      const lostLine = (count: number): string => `${count} lost\n`
      const tell = (sentence: string): void => void told.push(sentence)
      const file = new LogFile({ path, size: 100, keep: 3, tell, lostLine, clock, ...options })
      files.push(file)
      return file
    },
    read: (n = 0) => readFileSync(n === 0 ? path : `${path}.${n}`, 'utf8'),
  }
}

test('a line is in the file, in a folder that was not there, when write returns', (t) => {
  const { open, read, told } = rig(t)
  open().write('一 line\n')
  assert.equal(read(), '一 line\n')
  assert.deepEqual(told, [])
})

test('a file that would grow too large is moved away; the oldest goes; all together tell everything once', (t) => {
  const { open, read, folder, path } = rig(t)
  const file = open()
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i} ${'.'.repeat(20)}\n`)
  for (const line of lines) file.write(line)
  assert.deepEqual(readdirSync(join(folder, 'logs')).toSorted(), ['w.log', 'w.log.1', 'w.log.2', 'w.log.3'])
  const told = [3, 2, 1, 0].map(read)
  for (const text of told) assert.ok(text.length <= 100)
  assert.equal(told.join(''), lines.slice(-told.join('').split('\n').length + 1).join(''))
  open({ keep: 1 }).write(`${'x'.repeat(99)}\n`)
  assert.equal(existsSync(`${path}.2`) || existsSync(`${path}.3`), false, 'fewer are kept now')
})

test('a line longer than the bound is written whole', (t) => {
  const { open, read } = rig(t)
  const file = open()
  const long = `${'x'.repeat(500)}\n`
  file.write(long)
  file.write('short\n')
  assert.deepEqual([read(1), read()], [long, 'short\n'])
})

test('a file that somebody else moved away or removed is made anew', (t) => {
  const { open, read, path } = rig(t)
  const file = open()
  file.write('one\n')
  renameSync(path, `${path}.moved`)
  file.write('two\n')
  rmSync(path)
  file.write('three\n')
  assert.equal(read(), 'three\n')
  assert.equal(readFileSync(`${path}.moved`, 'utf8'), 'one\n')
})

test('a file that cannot be written is told once; lines are counted; it recovers by itself and says how many', (t) => {
  const { open, read, folder, path, clock, told } = rig(t)
  writeFileSync(join(folder, 'logs'), 'a file where the folder should be')
  const file = open()
  for (let i = 0; i < 5; i++) {
    file.write('x\n')
    clock.advance(400)
  }
  assert.equal(file.lost, 5)
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /cannot be written: (ENOTDIR|EEXIST).*; lines are dropped until it can$/)
  rmSync(join(folder, 'logs'))
  clock.advance(1_000)
  file.write('again\n')
  assert.equal(read(), '5 lost\nagain\n')
  assert.deepEqual(told.slice(1), [`the log file ${path} is written again; 5 lines were lost`])
  assert.equal(file.lost, 0)
})

test('a trouble that comes and goes is told once a minute, and counted in the file each time', (t) => {
  const { open, read, folder, path, clock, told } = rig(t)
  const file = open({ size: 10_000 })
  for (let i = 0; i < 10; i++) {
    rmSync(join(folder, 'logs'), { recursive: true, force: true })
    writeFileSync(join(folder, 'logs'), '')
    file.write('lost\n')
    rmSync(join(folder, 'logs'))
    clock.advance(1_000)
    file.write(`${i}\n`)
    assert.equal(read(), `1 lost\n${i}\n`)
  }
  assert.deepEqual(told.length, 2)
  assert.ok(told.every((sentence) => sentence.includes(path)))
})

test(
  'a full disk: what fits is kept, the cut line is ended, the rest is counted',
  { skip: process.getuid?.() !== 0 },
  (t) => {
    const { open, read, folder, clock, told, path } = rig(t, true)
    const disk = join(folder, 'logs')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'windlass-test', disk]).status !== 0) {
      t.skip('may not mount')
      return
    }
    writeFileSync(join(disk, 'other'), Buffer.alloc(1024 * 1024 - 3 * 4096))
    const file = open({ size: 1024 * 1024 })
    const line = `${'x'.repeat(999)}\n`
    for (let i = 0; i < 20; i++) file.write(line)
    assert.ok(file.lost > 0)
    const { lost } = file
    assert.match(told.join('\n'), /^the log file .* cannot be written: ENOSPC/)
    rmSync(join(disk, 'other'))
    clock.advance(1_000)
    file.write('room\n')
    const lines = read().split('\n')
    assert.deepEqual(lines.slice(-3), [`${lost} lost`, 'room', ''])
    assert.equal(lines.filter((one) => one.length === 999).length, 20 - lost)
    assert.deepEqual(told.slice(1), [`the log file ${path} is written again; ${lost} lines were lost`])
  },
)

test(
  'where the folder may not be written the file grows on, and that is told',
  { skip: process.getuid?.() !== 0 },
  (t) => {
    const { open, read, path, told } = rig(t)
    const file = open()
    file.write(`${'x'.repeat(90)}\n`)
    // A folder of that name cannot be replaced by a file, whoever asks.
    mkdirSync(`${path}.1`)
    writeFileSync(`${path}.1/inside`, '')
    mkdirSync(`${path}.2`)
    writeFileSync(`${path}.2/inside`, '')
    mkdirSync(`${path}.3`)
    writeFileSync(`${path}.3/inside`, '')
    for (let i = 0; i < 3; i++) file.write('more than fits\n')
    assert.equal(read().length, 91 + 45)
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /cannot be rotated/)
    assert.equal(existsSync(`${path}.lock`), false)
  },
)

test('a lock that a dead process left is broken after a while, and holds no line up before', (t) => {
  const { open, read, path } = rig(t)
  const file = open()
  file.write(`${'x'.repeat(90)}\n`)
  writeFileSync(`${path}.lock`, '')
  file.write('while it is held\n')
  assert.equal(existsSync(`${path}.1`), false)
  const before = Date.now() / 1_000 - 60
  utimesSync(`${path}.lock`, before, before)
  file.write('breaks it\n')
  file.write('rotates\n')
  assert.equal(read(), 'rotates\n')
  assert.match(read(1), /^x+\nwhile it is held\nbreaks it\n$/)
  assert.equal(existsSync(`${path}.lock`), false)
})

test('what a link points to is not rotated, a pipe that nobody reads holds nobody up', (t) => {
  const { open, read, folder, path, told } = rig(t)
  mkdirSync(join(folder, 'logs'))
  writeFileSync(join(folder, 'target'), '')
  symlinkSync(join(folder, 'target'), path)
  const file = open({ size: 10 })
  for (let i = 0; i < 5; i++) file.write('12345678\n')
  assert.equal(read().length, 45)
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  if (existsSync(pipe)) open({ path: pipe }).write('nobody\n')
  assert.equal(told.length, existsSync(pipe) ? 1 : 0)
})

test('nothing that goes wrong is thrown, not even by who is told', (t) => {
  const { open, folder } = rig(t)
  writeFileSync(join(folder, 'logs'), '')
  const boom = (): never => {
    throw new Error('boom')
  }
  open({ tell: boom }).write('x\n')
  const file = open({ path: join(folder, 'good'), lostLine: boom })
  file.write('x\n')
  assert.equal(file.lost, 0)
})
