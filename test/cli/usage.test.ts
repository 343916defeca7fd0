/** What is typed wrongly is refused with exit 2 and the nearest right word, and nothing is done. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place } from './launch.ts'

test('help and version', async (t) => {
  const place = new Place(t)
  const [help, verbHelp, other, version, bare] = await Promise.all([
    place.run(['--help']),
    place.run(['enqueue', '--help']),
    place.run(['help', 'worker']),
    place.run(['--version']),
    place.run([]),
  ])
  assert.equal(help.code, 0)
  for (const verb of ['up', 'worker', 'enqueue', 'get', 'doctor', 'migrate'])
    assert.match(help.stdout, new RegExp(`^ +${verb} `, 'm'))
  assert.match(help.stdout, /Exit codes: 0 ok, 1 failure, 2 usage/)
  assert.equal(verbHelp.code, 0)
  assert.match(verbHelp.stdout, /--retry-delays[^]*--json/)
  assert.match(other.stdout, /--drain/)
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  assert.equal(bare.code, 2)
  assert.match(bare.stderr, /no verb was given/)
})

for (const [args, code, says] of [
  [['enqeue', 'echo'], 'unknown_option', /unknown verb "enqeue"; did you mean "enqueue"\?/],
  [['help', 'werker'], 'unknown_option', /unknown verb "werker"; did you mean "worker"\?/],
  [['list', '--sate', 'ready'], 'unknown_option', /unknown option '--sate'; did you mean --state\?/],
  [['get'], 'invalid_option', /missing required argument 'id'/],
  [['get', 'a', 'b'], 'invalid_option', /too many arguments/],
  [['list', '--state', 'redy'], 'invalid_option', /unknown state "redy"; did you mean "ready"\?/],
  [['list', '--limit', '0'], 'invalid_option', /--limit is a whole number from 1/],
  [['stats', '--lang', 'fr'], 'invalid_option', /choices are zh, en/],
  [['stats', '--profile', 'celery'], 'invalid_option', /choices are rq, api, push/],
  [['queue', 'puse', 'q'], 'invalid_option', /unknown action "puse"; did you mean "pause"\?/],
  [['queue', 'pause'], 'invalid_option', /needs the name of a queue/],
  [['wait', 'x', '--timeout', 'soon'], 'invalid_duration', /--timeout is no duration/],
  [['enqueue', 'x', '--untyped', '{bad'], 'payload_not_json', /payload is no valid JSON/],
  [['enqueue', 'x', '--untyped', '{"__proto__":1}'], 'payload_not_json', /__proto__/],
  [['enqueue', 'x', '--untyped', '@missing.json'], 'invalid_option', /"missing.json" cannot be read/],
  [['enqueue', 'x', '--untyped', '--priority', '11'], 'invalid_option', /--priority is a whole number/],
  [['enqueue', 'x', '--untyped', '--delay', '-1'], 'invalid_duration', /--delay is no duration/],
  [['enqueue', 'x', '{}', '--many', 'f'], 'invalid_option', /--many does not go with a payload/],
  [['enqueue', 'x', '--id', 'i'.repeat(129), '--untyped'], 'invalid_option', /the limit is 128/],
  [['worker', '-Q', 'a:b'], 'invalid_option', /--queues takes names with whole weights, not "a:b"/],
  [['worker', '-Q', 'a:0'], 'invalid_option', /weight of a is a whole number/],
  [['worker', '-c', '0'], 'invalid_option', /concurrency is a whole number from 1/],
  [['worker', '--drain', 'some'], 'invalid_option', /--drain takes nothing or `all`/],
  [['up', '--workers', 'two'], 'invalid_option', /worker\.count is a whole number/],
  [['up', '--engine', 'memory:'], 'invalid_option', /lives in one process/],
  [['start', '2', '-c', '3'], 'invalid_option', /how many workers: 2 or 3/],
  [['scale', 'two'], 'invalid_option', /count is a whole number/],
  [['restart', '1001'], 'invalid_option', /count is a whole number from 0 to 1000/],
  [['stop', '--grace', 'soon'], 'invalid_duration', /--grace is no duration/],
  [['stats', '--engine', 'oracle://x'], 'engine_url_invalid', /no engine URL: "oracle:\/\/x"/],
  [['stats', '--config', 'nowhere.ts'], 'config_not_found', /there is no config file .*nowhere\.ts/],
] as const) {
  test(`refused: ${args.join(' ').slice(0, 60)}`, async (t) => {
    const place = new Place(t)
    const answer = await place.json(args)
    assert.equal(answer.code, 2)
    const error = errorOf(answer)
    assert.deepEqual(Object.keys(answer.document), ['error'])
    assert.deepEqual(Object.keys(error), ['code', 'message', 'hint', 'retry'])
    assert.equal(error.code, code)
    assert.match(error.message, says)
    assert.notEqual(error.hint, '')
    assert.equal(existsSync(join(place.folder, '.windlass')), false)
  })
}

test('for people the error is on stderr, with a hint', async (t) => {
  const ran = await new Place(t).run(['gett', 'x'])
  assert.equal(ran.code, 2)
  assert.equal(ran.stdout, '')
  assert.match(
    ran.stderr,
    /^windlass: unknown verb "gett"; did you mean "get"\?\n {2}See windlass --help\.\n$/,
  )
})

test('a config with a misspelt key, and one that throws', async (t) => {
  const place = new Place(t, {
    'bad.yaml': 'engin: sqlite:x.db\n',
    'throws.ts': "throw new Error('no luck with postgres://me:s3cret@db/app')",
  })
  const [bad, throws] = await Promise.all([
    place.json(['stats', '--config', 'bad.yaml']),
    place.json(['stats', '--config', 'throws.ts']),
  ])
  assert.equal(bad.code, 2)
  assert.equal(errorOf(bad).code, 'config_invalid')
  assert.match(errorOf(bad).message, /unknown key "engin"; did you mean "engine"\?/)
  assert.equal(throws.code, 1)
  assert.equal(errorOf(throws).code, 'config_failed')
  assert.match(errorOf(throws).message, /no luck with postgres:\/\/me:\*\*\*@db\/app/)
})

test('a store out of reach is exit 4, at once', async (t) => {
  const place = new Place(t, { file: 'no folder' })
  const started = performance.now()
  const [json, people] = await Promise.all([
    place.json(['stats', '--engine', 'sqlite:file/x.db']),
    place.run(['stats', '--engine', 'sqlite:file/x.db']),
  ])
  assert.equal(json.code, 4)
  assert.equal(errorOf(json).code, 'engine_unreachable')
  assert.equal(errorOf(json).retry, true)
  assert.equal(people.code, 4)
  assert.match(people.stderr, /cannot be opened/)
  assert.ok(performance.now() - started < 20_000)
})

test('verbs that only look import no task code', async (t) => {
  const place = new Place(t, { ...FILES, 'tasks.ts': "console.error('task code ran')" })
  const ran = await place.run(['stats'])
  assert.equal(ran.code, 0)
  assert.equal(ran.stderr, '')
})

test('a reader that left early is no error', async (t) => {
  const place = new Place(t, BARE)
  const running = place.start(['--help'])
  running.process.stdout?.destroy()
  const ran = await running.ended
  assert.equal(ran.code, 0)
  assert.equal(ran.stderr, '')
})

test('task files beside a YAML config mean this copy of the package, as those beside a module do', async (t) => {
  const place = new Place(t, {
    'windlass.config.yaml': 'engine: sqlite:w.db\ntasks: [tasks.ts]\n',
    'tasks.ts':
      "import { defineTask } from 'windlass'\nexport const one = defineTask({ name: 'one', run: () => 1 })\n",
  })
  const { code, document } = await place.json(['enqueue', 'one'])
  assert.deepEqual([code, document['outcome']], [0, 'created'])
})
