/** `windlass logs` and `follow` on log files as supervisors write them. */
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'
import { BARE } from './fixtures.ts'
import { errorOf, Place } from './launch.ts'

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

const RETRIED = `
  import { defineTask } from 'windlass'
  export const retried = defineTask({ name: 'retried', retry: { retries: 1, delays: ['10ms'] },
    run() { throw new Error('no luck') } })
  export const fine = defineTask({ name: 'fine', run() {} })`

/** Leaves a task behind that ran when its worker was killed. */
async function leaveOrphan(place: Place): Promise<void> {
  const engine = await openEngine(`sqlite:${join(place.folder, 'windlass.db')}`)
  await engine.migrate()
  const session = newSession({ types: ['fine'] })
  await engine.startSession([session])
  await engine.enqueue([newTask({ id: 'orphan', type: 'fine', queue: 'report_analysis' })])
  await engine.claim([{ session: session.id, claimId: session.id, queues: null, limit: 1 }])
  await engine.endSession([{ session: session.id, cause: 'killed', culprits: null }])
  await engine.close()
}

test('a log tells who is connected where, what begins, ends, is tried again and is rescued, in both languages', async (t) => {
  const config = "export default { engine: 'sqlite:windlass.db', tasks: ['tasks.ts'] }"
  const files = { 'windlass.config.ts': config, 'tasks.ts': RETRIED }
  const made = new Place(t, files, { LOG_FILE: 'one.log' })
  await leaveOrphan(made)
  await made.json(['enqueue', 'retried', '--id', 'r', '--queue', 'report_analysis'])
  const worker = await made.run(['worker', '--json', '--drain=all', '-Q', 'report_analysis'])
  assert.equal(worker.code, 0, worker.stderr)
  const [english, chinese] = await Promise.all([made.run(['logs']), made.run(['logs', '--lang', 'zh'])])
  const phrases: readonly (readonly [RegExp, RegExp])[] = [
    [
      /INFO {2}connected to the store engine=sqlite at=sqlite:/,
      /INFO {2}已连接存储 engine=sqlite at=sqlite:/,
    ],
    [/INFO {2}listening to queues queues=\["report_analysis"\]/, /INFO {2}正在监听队列 /],
    [/INFO {2}worker started /, /INFO {2}Worker 已启动，开始处理任务 /],
    [/INFO {2}task begins task=r /, /INFO {2}开始处理任务 task=r /],
    [
      /WARN {2}task failed \(failures 1 of 1, again in 10 ms\): no luck task=r/,
      /WARN {2}任务失败（失败 1\/1，10 ms 后重试）：no luck task=r/,
    ],
    [
      /ERROR task dead \(failures 2, retries 1 of 1 used, no retry left\): no luck task=r/,
      /ERROR 任务失败，已达到最大重试次数（失败 2 次，重试 1\/1）：no luck task=r/,
    ],
    [
      /WARN {2}rescued: task interrupted \(crashes 1 of 3, again at once\).* task=orphan/,
      /WARN {2}已救回：任务中断（崩溃 1\/3，立即重新执行）.* task=orphan/,
    ],
    [/INFO {2}worker stopped/, /INFO {2}Worker 已停止/],
  ]
  for (const [en, zh] of phrases) {
    assert.match(english.stdout, en)
    assert.match(chinese.stdout, zh)
  }
  // Countable: one line for each attempt.
  assert.equal(english.stdout.split(' task processing finished ').length, 1 + 3)
  assert.equal(chinese.stdout.split(' 任务处理完成 ').length, 1 + 3)
})
