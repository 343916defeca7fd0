/** deploy: files that the programs they are for understand, with limits that fit, and nothing overwritten unasked. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { Command } from 'commander'
import { parse } from 'yaml'

import { define } from '../../src/cli/deploy.ts'
import { tellFailure } from '../../src/cli/exit-codes.ts'
import { Output } from '../../src/cli/output.ts'

const EXAMPLES = new URL('../../deploy/', import.meta.url)
const example = (name: string): string => readFileSync(new URL(name, EXAMPLES), 'utf8')

/** Keys and values of an INI file; a key may come more than once. */
function readIni(text: string): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z_]+)=(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, [...(values.get(key) ?? []), value])
  }
  return values
}

interface Service {
  readonly command?: readonly string[]
  readonly profiles?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly stop_grace_period?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly deploy?: { readonly replicas?: number; readonly resources?: { readonly limits?: object } }
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly secrets?: Readonly<Record<string, { readonly environment: string }>>
  readonly volumes: object
}

const readCompose = (text: string): ComposeFile => parse(text, { merge: true }) as ComposeFile

class KeptOutput extends Output {
  readonly printed: string[] = []

  override print(text: string): void {
    this.printed.push(text)
  }
}

const out = new KeptOutput(false)

/** The verb in this process, which costs a hundredth of a start: what it answers. */
async function deploy(folder: string, ...args: readonly string[]): Promise<{ text: string; code: string }> {
  const printed = out.printed.length
  const config = join(folder, 'windlass.config.yaml')
  const engine = args.includes('--engine') ? 'postgres://me:secret@host/db' : null
  const globals = { config, engine, lang: null, profile: null, verbose: false }
  const command = new Command('deploy').exitOverride().configureOutput({ writeErr: () => {} })
  define(command, { out, globals, exit: 0, verbs: [] })
  try {
    await command.parseAsync(
      args.filter((one) => one !== '--engine'),
      { from: 'user' },
    )
    return { text: out.printed.slice(printed).join('\n'), code: 'ok' }
  } catch (error) {
    const { code, message, exit } = tellFailure(error, 'deploy')
    return { text: message, code: `${exit} ${code}` }
  }
}

/** A project whose tasks may go on for so long after a stop began. */
function newProject(t: TestContext, drain: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-deploy-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'windlass.config.yaml'), `worker: { drain: ${drain} }\n`)
  return folder
}

test('the drain time of the settings decides every limit, and a shorter one is refused', async (t) => {
  const folder = newProject(t, 600)
  const output = join(folder, 'out')
  const named = ['--name', 'invoice-worker', '--user', 'www', '--workers', '4']
  const unit = readIni((await deploy(folder, 'systemd', ...named, '--print')).text)
  assert.deepEqual([unit.get('TimeoutStopSec'), unit.get('User')], [['630'], ['www']])
  const [command = ''] = unit.get('ExecStart') ?? []
  assert.ok(command.startsWith(`${process.execPath} /`), command)
  assert.match(command, /\/bin\/windlass\.js start --name invoice-worker --count 4 --config \S+\.yaml$/)
  assert.equal((await deploy(folder, 'supervisor', '--output', output)).code, 'ok')
  const program = readIni(readFileSync(join(output, 'windlass-worker.conf'), 'utf8'))
  assert.deepEqual([program.get('stopwaitsecs'), program.get('stopasgroup')], [['630'], ['false']])
  assert.ok(existsSync(join(folder, 'logs')), 'Supervisor makes no folder for its log')
  await deploy(folder, 'pm2', '--name', 'rq-worker', '--output', output)
  const ecosystem = createRequire(import.meta.url)(join(output, 'ecosystem.config.cjs')) as {
    apps: { name: string; kill_timeout: number; exec_mode: string; interpreter: string }[]
  }
  const [app] = ecosystem.apps
  assert.deepEqual(
    [app?.name, app?.kill_timeout, app?.exec_mode, app?.interpreter],
    ['rq-worker', 630_000, 'fork', process.execPath],
  )
  const short = await deploy(folder, 'systemd', '--stop-limit', '10m')
  assert.deepEqual(
    [short.code, short.text.startsWith('--stop-limit 10 min is too short')],
    ['2 invalid_option', true],
  )
  const longer = await deploy(folder, 'compose', '--stop-limit', '11m', '--print')
  assert.match(longer.text, /stop_grace_period: 660s/)
})

test('the program is named by the project’s own link, which stays when a version goes', async (t) => {
  const folder = newProject(t, 1)
  mkdirSync(join(folder, 'node_modules'))
  const link = join(folder, 'node_modules/windlass')
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), link)
  const { text } = await deploy(folder, 'systemd', '--print')
  assert.match(text, new RegExp(`^ExecStart=\\S+ ${link}/bin/windlass.js start`, 'm'))
})

test('schedules are fired where that is wanted', async (t) => {
  const { text } = await deploy(newProject(t, 1), 'systemd', '--schedules', '--print')
  assert.match(text, /^ExecStart=.* up --config /m)
})

test('what exists stays without --force, and bad input writes nothing', async (t) => {
  const folder = newProject(t, 300)
  const unit = join(folder, 'windlass-worker.service')
  writeFileSync(unit, 'mine')
  const to = ['--output', folder]
  for (const wrong of [
    ['systemd'],
    ['systemd', '--name', '../up'],
    ['compose', '--name', 'Upper'],
    ['systemd', '--user', 'a b'],
    ['systemd', '--workers', '0'],
    ['systemd', '--engine'],
    ['helm'],
  ]) {
    const { code, text } = await deploy(folder, ...wrong, ...to)
    assert.match(code, /^2 /, wrong.join(' '))
    assert.equal(text.includes('secret'), false)
  }
  assert.deepEqual(readdirSync(folder).length, 2)
  assert.equal(readFileSync(unit, 'utf8'), 'mine')
  assert.equal((await deploy(folder, 'systemd', '--force', ...to)).code, 'ok')
  assert.match(readFileSync(unit, 'utf8'), /^Type=notify$/m)
})

test('a path that a unit could not hold is refused', async (t) => {
  const folder = join(newProject(t, 300), '100% "mine"')
  mkdirSync(folder)
  writeFileSync(join(folder, 'windlass.config.yaml'), '')
  assert.equal((await deploy(folder, 'systemd', '--print')).code, '2 invalid_option')
})

test('systemd understands the unit', (t) => {
  const file = new URL('invoice-worker.service', EXAMPLES).pathname
  const ran = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (ran.error !== undefined) return t.skip('NOT PROVEN HERE: systemd-analyze (missing)')
  // The example's paths are nobody's; everything else would be told, too.
  const told = ran.stderr
    .split('\n')
    .filter((line) => line !== '' && !/not executable|Unit .* has a bad/.test(line))
  assert.deepEqual(told, [])
})

test('compose: the services, limits and checks that are promised', () => {
  const { services, secrets } = readCompose(example('compose.yaml'))
  assert.deepEqual(Object.keys(services).toSorted(), ['api', 'postgres', 'redis', 'worker', 'worker-push'])
  assert.deepEqual(secrets, { api_keys: { environment: 'API_KEYS' } })
  assert.deepEqual(services['api']?.secrets, ['api_keys'])
  assert.equal(services['worker']?.deploy?.replicas, 3)
  for (const name of ['api', 'worker', 'worker-push'])
    assert.equal(services[name]?.environment?.['WINDLASS_ENGINE'], 'redis://redis:6379/0', name)
  checkServices(services)
})

test('the compose file of workers has its profiles', () => {
  const { services, volumes } = readCompose(example('docker-compose.workers.yml'))
  const profiles = Object.entries(services).map(([name, { profiles = [] }]) => [name, ...profiles])
  assert.deepEqual(profiles, [
    ['invoice-worker-1'],
    ['manager', 'manager'],
    ['postgres', 'local-db'],
    ['postgres-exporter', 'monitoring'],
    ['prometheus', 'monitoring'],
    ['grafana', 'monitoring'],
  ])
  const used = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((one) => one.split(':')[0] ?? ''),
  )
  assert.deepEqual([...new Set(used)].toSorted(), Object.keys(volumes).toSorted())
  checkServices(services)
})

function checkServices(services: ComposeFile['services']): void {
  for (const [name, one] of Object.entries(services)) {
    assert.ok(one.deploy?.resources?.limits, `${name} has no limits`)
    if (one.command?.[0] !== 'start' && one.command?.[0] !== 'up') continue
    assert.deepEqual(
      [one.stop_grace_period, one.healthcheck?.test.slice(-2)],
      ['330s', ['status', '--check']],
      name,
    )
  }
}
