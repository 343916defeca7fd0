/** Words that explain themselves: explain, completion, and texts in the reader's language. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

import { en } from '../../src/base/messages/en.ts'
import { Output } from '../../src/cli/output.ts'
import { createProgram } from '../../src/cli/program.ts'
import { VERBS } from '../../src/cli/verbs.ts'
import { BARE, FILES } from './fixtures.ts'
import { errorOf, Place } from './launch.ts'

const NO_GLOBALS = { config: null, engine: null, lang: null, profile: null, verbose: false }

test('explain: a code, a reason, a word that is both, a slip', async (t) => {
  const place = new Place(t)
  const [code, reason, both, slip, chinese] = await Promise.all([
    place.json(['explain', 'engine_full']),
    place.run(['explain', 'poison', '--lang', 'en']),
    place.json(['explain', 'timeout', '--lang', 'zh']),
    place.json(['explain', 'retries_exausted']),
    place.run(['explain', 'invalid_payload'], { env: { WINDLASS_LANG: 'zh_CN' } }),
  ])
  assert.deepEqual([code.code, code.document['reason']], [0, null])
  assert.equal((code.document['error'] as { status: number }).status, 507)
  assert.match(reason.stdout, /^what to do +See the error of its attempts/m)
  assert.notEqual(both.document['error'], null)
  assert.match(JSON.stringify(both.document['reason']), /The handler ran longer/)
  assert.deepEqual([slip.code, errorOf(slip).code], [2, 'invalid_option'])
  assert.match(errorOf(slip).message, /did you mean "retries_exhausted"\?/)
  assert.match(chinese.stdout, /^含义 +载荷已不符合/m)
  assert.match(chinese.stdout, /^处理办法/m)
})

test('completion: bash completes verbs, options and values of the script it is given', async (t) => {
  const { code, stdout } = await new Place(t).run(['completion', 'bash'])
  assert.equal(code, 0)
  const complete = (...words: string[]): string[] => {
    const shell = `${stdout}
COMP_WORDS=(windlass ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_windlass
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { PATH } = process.env
    return execFileSync('bash', ['--norc', '-c', shell], { encoding: 'utf8', env: { PATH } })
      .trim()
      .split('\n')
  }
  assert.deepEqual(complete('work'), ['worker', 'workers'])
  assert.deepEqual(complete('--config', 'x', 'comp'), ['completion'])
  assert.deepEqual(complete('queue', 'pau'), ['pause'])
  assert.deepEqual(complete('list', '--sta'), ['--state'])
  assert.deepEqual(complete('list', '--state', 'su'), ['succeeded'])
  assert.deepEqual(complete('--lang', ''), ['zh', 'en'])
  assert.deepEqual(complete('explain', 'retries_'), ['retries_exhausted'])
})

test('completion: zsh and fish know every verb; another shell is refused', async (t) => {
  const place = new Place(t)
  const [zsh, fish, other] = await Promise.all([
    place.run(['completion', 'zsh']),
    place.json(['completion', 'fish']),
    place.json(['completion', 'tcsh']),
  ])
  for (const verb of ['enqueue', 'doctor', 'explain']) {
    assert.match(zsh.stdout, new RegExp(`^ +${verb}\\) _arguments`, 'm'))
    assert.match(String(fish.document['script']), new RegExp(` -a ${verb} `))
  }
  assert.deepEqual([other.code, errorOf(other).code], [2, 'invalid_option'])
})

test('the language: option before WINDLASS_LANG before LANG; programs read the same in each', async (t) => {
  const place = new Place(t, BARE)
  const [lang, own, option, hint, json, help] = await Promise.all([
    place.run(['--help'], { env: { LANG: 'zh_TW.UTF-8' } }),
    place.run(['--help'], { env: { LANG: 'zh_CN.UTF-8', WINDLASS_LANG: 'en' } }),
    place.run(['--help', '--lang=zh'], { env: { WINDLASS_LANG: 'en' } }),
    place.run(['get', 'nobody'], { env: { WINDLASS_LANG: 'zh' } }),
    place.json(['get', 'nobody', '--lang', 'zh']),
    place.run(['list', '--help', '--lang', 'zh']),
  ])
  assert.match(lang.stdout, /用法：.*[^]*退出码：0 成功/)
  assert.match(own.stdout, /Usage: .*[^]*Exit codes: 0 ok/)
  assert.match(option.stdout, /^ +enqueue .*入队一个或多个任务$/m)
  assert.match(hint.stderr, /请检查 id/)
  assert.match(errorOf(json).hint, /^Check the id/)
  assert.match(help.stdout, /--state <state> +状态[^]*全局选项：[^]*--config <file> +配置文件/)
})

test('.env may name the language; what is nearer goes before', async (t) => {
  const place = new Place(t, { ...BARE, '.env': 'WINDLASS_LANG=zh_CN\n' })
  const [config, env] = await Promise.all([
    place.run(['list'], { env: { LANG: 'en_US.UTF-8' } }),
    place.run(['list'], { env: { WINDLASS_LANG: 'en' } }),
  ])
  assert.deepEqual([config.stdout, env.stdout], ['没有任务\n', 'no tasks\n'])
})

test('the config may name the language: below what is nearer, above LANG', async (t) => {
  const place = new Place(t, { 'windlass.config.yaml': 'engine: sqlite:windlass.db\nlang: zh\n' })
  const LANG = 'en_US.UTF-8'
  const [config, env, option, facts] = await Promise.all([
    place.run(['list'], { env: { LANG } }),
    place.run(['list'], { env: { LANG, WINDLASS_LANG: 'en' } }),
    place.run(['list', '--lang', 'en'], { env: { LANG } }),
    place.run(['config', '--lang', 'en'], { env: { LANG, WINDLASS_LANG: 'zh' } }),
  ])
  assert.deepEqual([config.stdout, env.stdout, option.stdout], ['没有任务\n', 'no tasks\n', 'no tasks\n'])
  assert.match(facts.stdout, /^lang +en +flag$/m)
  // Times as they are written, not as they are counted.
  assert.match(facts.stdout, /^lease +30s +default$/m)
  assert.match(facts.stdout, /^push\.delays +10s,30s,90s +default$/m)
})

test('every text that a verb declares is known in both languages', async () => {
  const known = new Set<string>(Object.values(en))
  const program = createProgram()
  const cli = { out: new Output(false), globals: NO_GLOBALS, exit: 0, verbs: VERBS }
  const commands = [program]
  for (const entry of VERBS) {
    const command = program.command(entry.name).description(entry.summary)
    ;(await entry.load()).define(command, cli)
    commands.push(command)
  }
  for (const command of commands) {
    const declared = [...command.options, ...command.registeredArguments]
    const texts = [command.description(), ...declared.map(({ description }) => description)]
    for (const text of texts) assert.ok(known.has(text), `${command.name()}: ${text}`)
  }
})

test('people read Chinese: tables, facts, doctor, log lines; states stay as they are typed', async (t) => {
  const place = new Place(t, FILES, { WINDLASS_LANG: 'zh' })
  await place.json(['enqueue', 'fail', '--id', 'f', '--retries', '0'])
  const worker = await place.run(['worker', '--drain'])
  assert.match(worker.stdout, /INFO {2}已连接存储 engine=sqlite/)
  assert.match(worker.stdout, /Worker 已启动，开始处理任务/)
  assert.match(worker.stdout, /任务失败且不可重试（失败 1\/0，fatal）：this handler always fails/)
  const [json, got, list, stats, doctor] = await Promise.all([
    place.run(['worker', '--drain', '--json']),
    place.run(['get', 'f']),
    place.run(['list']),
    place.run(['stats']),
    place.run(['doctor']),
  ])
  assert.match(json.stdout, /"message":"connected to the store"/)
  assert.equal(/\p{Script=Han}/u.test(json.stdout), false)
  assert.match(got.stdout, /^状态 +dead \(fatal\)$/m)
  assert.match(got.stdout, /原因 Error: the deeper reason/)
  assert.match(list.stdout, /^任务 +类型 +队列/)
  assert.match(stats.stdout, /^队列 +scheduled/)
  assert.match(doctor.stdout, /^ok {5}引擎: sqlite，位于 /m)
  assert.match(doctor.stdout, /^一切正常$/m)
})
