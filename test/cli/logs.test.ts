/** `windlass logs` and `follow` on log files as supervisors write them. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { BARE } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

const NOW = Date.now()
const at = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()

const OLD = [
  `${at(50)} INFO  windlass is up`,
  `${at(50)} INFO  worker process started worker=worker-1 pid=11`,
]
const NEW = [
  `[worker-1] ${at(20)} INFO  task begins task=a`,
  '[worker-1] bare words',
  `[worker-2] ${at(5)} ERROR task dead (failures 4, retries 3 of 3 used, no retry left): no luck task=b`,
  `[worker-1] ${at(4)} INFO  task processing finished task=a`,
]

function place(t: TestContext): Place {
  const made = new Place(t, BARE)
  mkdirSync(join(made.folder, 'logs'))
  made.write('logs/worker.log.1', `${OLD.join('\n')}\n`)
  made.write('logs/worker.log', `${NEW.join('\n')}\n`)
  return made
}

test('logs prints the last lines of all files; filters say which; --json one object a line', async (t) => {
  const made = place(t)
  const [all, recent, json] = await Promise.all([
    made.run(['logs']),
    made.run(['logs', '--since', '30m', '--worker', 'worker-1']),
    made.run(['logs', '--level', 'error', '--json']),
  ])
  const lines = (text: string): string[] => text.split('\n').slice(0, -1)
  assert.deepEqual(lines(all.stdout), [...OLD, ...NEW])
  assert.deepEqual(lines(recent.stdout), [NEW[0], NEW[1], NEW[3]])
  assert.deepEqual(JSON.parse(json.stdout), {
    level: 'error',
    time: at(5),
    worker: 'worker-2',
    message: 'task dead (failures 4, retries 3 of 3 used, no retry left): no luck task=b',
  })
  for (const { code, stderr } of [all, recent, json]) assert.deepEqual([code, stderr], [0, ''])
})

test('a file that is not there, and options that cannot be read, are told', async (t) => {
  const made = place(t)
  const [missing, level, lines] = await Promise.all([
    made.json(['logs', '--name', 'other']),
    made.json(['logs', '--level', 'loud']),
    made.json(['follow', '-n', 'many']),
  ])
  assert.deepEqual([missing.code, errorOf(missing).code], [1, 'not_found'])
  assert.match(errorOf(missing).message, /no log file .*other\.log$/)
  for (const { code } of [level, lines]) assert.equal(code, 2)
})

test('follow goes on over a rotation, in the language and shape of the reader, until Ctrl-C', async (t) => {
  const made = place(t)
  const path = join(made.folder, 'logs/worker.log')
  const follow = made.start(['follow', '-n', '1', '--lang', 'zh'])
  await follow.until((one) => one.stdout.includes('finished'))
  const line = (message: string): string => `${JSON.stringify({ level: 'info', time: at(0), message })}\n`
  appendFileSync(path, line('task begins'))
  renameSync(path, `${path}.1`)
  appendFileSync(path, line('worker stopped'))
  await follow.until((one) => one.stdout.includes('已停止'))
  follow.signal('SIGINT')
  const { code, stdout, stderr } = await follow.ended
  assert.deepEqual([code, stderr], [0, ''])
  const heads = stdout.split('\n').map((text) => text.replace(/^.*Z INFO {2}/, ''))
  assert.deepEqual(heads, ['task processing finished task=a', '开始处理任务', 'Worker 已停止', ''])
})

test('the log of a lone worker is found by the same settings', async (t) => {
  const made = new Place(t, BARE, { LOG_FILE: 'one.log' })
  await made.run(['worker', '--drain', '--json'])
  const { stdout } = await made.run(['logs', '--json', '--lines', '1'])
  assert.equal((JSON.parse(stdout) as Document)['message'], 'worker stopped')
})
