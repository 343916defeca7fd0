/** Schedules by command line: put, look at, pause, run, remove; what is refused; a scheduler in the foreground. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place, type Document } from './launch.ts'

const names = (document: Document): unknown[] => (document['schedules'] as Document[]).map(({ name }) => name)

test('put, list, show, next, pause, resume, run, ticks, remove', async (t) => {
  const place = new Place(t, FILES)
  assert.deepEqual((await place.json(['schedule', 'list'])).document, { schedules: [], schedulers: [] })
  const rule = ['--cron', '30 9 * * MON', '--timezone', 'Asia/Shanghai', '--missed', 'all:3', '--grace', '90']
  const put = await place.json(['schedule', 'put', 'weekly', 'strict', '{"n": 1}', ...rule, '--tag', 'a'])
  const { outcome, task, queue, payload, timezone, missed, grace_ms, tags, origin } = put.document
  assert.deepEqual(
    [put.code, outcome, task, queue, payload, timezone, missed, grace_ms, tags, origin],
    [0, 'created', 'strict', 'numbers', { n: 1 }, 'Asia/Shanghai', 'all:3', 90_000, ['a'], 'cli'],
  )
  await place.json(['schedule', 'add', 'often', 'echo', '--every', '30'])
  assert.deepEqual(names((await place.json(['schedule', 'list'])).document), ['often', 'weekly'])
  const next = await place.json(['schedule', 'next', 'weekly', '--limit', '2'])
  assert.match((next.document['next'] as string[]).join(' '), /^\S+T01:30:00.000Z \S+T01:30:00.000Z$/)
  const paused = await place.json(['schedule', 'pause', 'often'])
  assert.deepEqual([paused.document['paused'], paused.document['next_at']], [true, null])
  const run = await place.json(['schedule', 'run', 'often'])
  const task_id = String(run.document['task_id'])
  assert.equal((await place.json(['get', task_id])).document['state'], 'ready')
  assert.equal((await place.json(['schedule', 'resume', 'often'])).document['paused'], false)
  const shown = await place.json(['schedule', 'show', 'often'])
  assert.deepEqual([shown.document['every_ms'], (shown.document['next'] as string[]).length], [30_000, 5])
  const ticks = await place.json(['schedule', 'ticks', 'often'])
  assert.deepEqual(
    (ticks.document['ticks'] as Document[]).map((one) => [one['outcome'], one['task_id']]),
    [['run', task_id]],
  )
  await place.json(['schedule', 'remove', 'often'])
  assert.deepEqual(names((await place.json(['schedule', 'list'])).document), ['weekly'])
})

test('for people: a table on the clock of each schedule, and a word where nobody fires', async (t) => {
  const place = new Place(t, FILES)
  assert.equal((await place.run(['schedule', 'list'])).stdout, 'no schedules\n')
  await place.run([
    'schedule',
    'put',
    'weekly',
    'echo',
    '--cron',
    '30 9 * * MON',
    '--timezone',
    'Asia/Shanghai',
  ])
  const { stdout } = await place.run(['schedule', 'list'])
  assert.match(stdout, /^weekly +echo +30 9 \* \* MON Asia\/Shanghai +\S+ 09:30:00 +–$/m)
  assert.match(stdout, /no scheduler is alive/)
  assert.match((await place.run(['schedule', 'list', '--lang', 'zh'])).stdout, /没有存活的调度器/)
  assert.match((await place.run(['schedule', 'show', 'weekly'])).stdout, /^missed ticks +once \(60 s\)$/m)
  const preview = await place.run(['schedule', 'next', '--cron', '0 0 29 2 *', '--limit', '1'])
  assert.match(preview.stdout, /^\d{4}-02-29T00:00:00Z {2}\d{4}-02-29 00:00:00Z\n$/)
  assert.match(
    (await place.run(['doctor'])).stdout,
    /wrong {2}schedules: 1 with a tick to come, 0 live schedulers/,
  )
})

test('what is wrong is told before anything is stored, and ends with 2', async (t) => {
  const place = new Place(t, FILES)
  const refused = async (args: readonly string[], code: string, message: RegExp, exit = 2) => {
    const answer = await place.json(['schedule', ...args])
    const error = errorOf(answer)
    assert.deepEqual([answer.code, error['code']], [exit, code], args.join(' '))
    assert.match(error.message, message)
  }
  await refused(['put', 'x', 'echo', '--cron', '0 25 * * *'], 'invalid_schedule', /hour "25" at position 3/)
  await refused(['put', 'x', 'echo', '--cron', '0 0 30 2 *'], 'invalid_schedule', /never matches/)
  await refused(
    ['put', 'x', 'echo', '--cron', '0 2 * * *', '--timezone', 'Europe/Berln'],
    'invalid_schedule',
    /did you mean "Europe\/Berlin"/,
  )
  await refused(['put', 'x', 'echo', '--every', '500ms'], 'invalid_schedule', /1 s at least/)
  await refused(['put', 'x', 'echo'], 'invalid_schedule', /cron or every/)
  await refused(['put', 'x', 'ecko', '--every', '1m'], 'unknown_task_type', /did you mean "echo"/)
  await refused(['put', 'x', 'strict', '{"n":"1"}', '--every', '1m'], 'invalid_payload', /must be a number/)
  await refused(['put', 'x', 'echo', '{', '--every', '1m'], 'payload_not_json', /payload/)
  await refused(['put', 'x'], 'invalid_option', /needs a task type/)
  await refused(['puts'], 'invalid_option', /did you mean "put"/)
  await refused(['next'], 'invalid_option', /needs the name/)
  await refused(['pause', 'x'], 'not_found', /no schedule "x"/, 1)
  await refused(['show', 'x'], 'not_found', /no schedule "x"/, 1)
  assert.deepEqual(names((await place.json(['schedule', 'list'])).document), [])
  await place.json(['schedule', 'add', 'x', 'echo', '--every', '1m'])
  await refused(['add', 'x', 'echo', '--every', '2m'], 'refused', /already/, 1)
})

test('a wrong schedule of the config is told by its name, before anything works', async (t) => {
  const place = new Place(t, {
    ...BARE,
    'windlass.config.yaml':
      'engine: sqlite:windlass.db\nschedules:\n  nightly:\n    task: echo\n    cron: 0 2 * *\n',
  })
  const answer = await place.json(['scheduler'])
  const error = errorOf(answer)
  assert.equal(error['code'], 'config_invalid')
  assert.match(error.message, /schedules\.nightly: cron has 5 fields/)
})

test('a scheduler in the foreground fires schedules of a YAML file, tells of alerts, and ends with 0', async (t) => {
  const place = new Place(t, {
    'windlass.config.yaml':
      "engine: sqlite:windlass.db\nschedules:\n  often:\n    task: echo\n    every: 1\n    payload: [1]\nalerts: { every: 1, for: 0, to: { command: 'cat >> told' } }\n",
  })
  assert.deepEqual((await place.json(['alerts'])).document, {
    checking: 'off',
    checked_at: null,
    every_ms: null,
    alerts: [],
  })
  const scheduler = place.start(['scheduler', '--json'])
  await scheduler.until((one) => one.stdout.includes('"scheduler started"'))
  let tasks: Document[] = []
  while (tasks.length < 2) tasks = (await place.json(['list'])).document['tasks'] as Document[]
  assert.deepEqual(tasks[0]?.['payload'], [1])
  assert.match(String(tasks[0]?.['task_id']), /^often@\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.match((await place.run(['schedule', 'list'])).stdout, /^often .*\n^windlass\.alerts .* built-in$/ms)
  await scheduler.until((one) => one.stdout.includes('"alert workers fires: 0 live workers, fewer than 1"'))
  const { document } = await place.json(['alerts', '--history'])
  const [first] = document['alerts'] as Document[]
  assert.deepEqual([document['checking'], first?.['firing']], ['on', true])
  const { stdout } = await place.run(['alerts', '--history'])
  assert.match(stdout, /^workers +\d{4}-\S+Z +0 live workers, fewer than 1$/m)
  assert.match(stdout, /^\d{4}-\S+Z +workers +fired +0 live workers/m)
  const path = join(place.folder, 'told')
  const told = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  while (!told().includes('\n')) await sleep(20)
  assert.equal((JSON.parse(told().split('\n')[0] ?? '') as Document)['event'], 'fired')
  scheduler.signal('SIGTERM')
  const { code, stderr } = await scheduler.ended
  assert.deepEqual([code, stderr], [0, ''])
})
