/** deploy: files that the programs they are for understand, with limits that fit, and nothing overwritten unasked. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'

import { parse } from 'yaml'

import { errorOf, Place } from './launch.ts'

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

test('the drain time of the settings decides every limit, and a shorter one is refused', async (t) => {
  const place = new Place(t, { '.env': 'WORKER_MAX_SHUTDOWN_WAIT=10m\n' })
  const [systemd, supervisor, pm2, short, enough] = await Promise.all([
    place.run([
      'deploy',
      'systemd',
      '--name',
      'invoice-worker',
      '--user',
      'www',
      '--workers',
      '4',
      '--print',
    ]),
    place.run(['deploy', 'supervisor', '--output', 'out']),
    place.run(['deploy', 'pm2', '--name', 'rq-worker', '--output', 'out']),
    place.json(['deploy', 'systemd', '--stop-limit', '10m']),
    place.run(['deploy', 'compose', '--stop-limit', '11m', '--print']),
  ])
  const unit = readIni(systemd.stdout)
  assert.deepEqual([unit.get('TimeoutStopSec'), unit.get('User')], [['630'], ['www']])
  const [command = ''] = unit.get('ExecStart') ?? []
  assert.ok(command.startsWith(`${process.execPath} /`), command)
  assert.match(command, /\/bin\/windlass\.js start --name invoice-worker --count 4$/)
  assert.equal(supervisor.code, 0, supervisor.stderr)
  const program = readIni(readFileSync(join(place.folder, 'out/windlass-worker.conf'), 'utf8'))
  assert.deepEqual([program.get('stopwaitsecs'), program.get('stopasgroup')], [['630'], ['false']])
  assert.deepEqual([pm2.code, existsSync(join(place.folder, 'logs'))], [0, true], pm2.stderr)
  const ecosystem = createRequire(import.meta.url)(join(place.folder, 'out/ecosystem.config.cjs')) as {
    apps: { name: string; kill_timeout: number; exec_mode: string; interpreter: string }[]
  }
  const [app] = ecosystem.apps
  assert.deepEqual(
    [app?.name, app?.kill_timeout, app?.exec_mode, app?.interpreter],
    ['rq-worker', 630_000, 'fork', process.execPath],
  )
  assert.equal(short.code, 2)
  assert.match(errorOf(short).message, /--stop-limit 10 min is too short/)
  assert.match(enough.stdout, /stop_grace_period: 660s/)
})

test('what exists stays without --force, and bad input writes nothing', async (t) => {
  const place = new Place(t)
  const unit = place.write('windlass-worker.service', 'mine')
  const password = 'postgres://me:secret@host/db'
  const refused = await Promise.all([
    place.json(['deploy', 'systemd']),
    place.json(['deploy', 'systemd', '--name', '../up']),
    place.json(['deploy', 'compose', '--name', 'Upper']),
    place.json(['deploy', 'systemd', '--user', 'a b']),
    place.json(['deploy', 'systemd', '--workers', '0']),
    place.json(['deploy', 'systemd', '--engine', password]),
    place.json(['deploy', 'helm']),
  ])
  for (const answer of refused) assert.equal(answer.code, 2, answer.stderr)
  assert.equal(JSON.stringify(refused).includes('secret'), false)
  assert.deepEqual(
    [readdirSync(place.folder), readFileSync(unit, 'utf8')],
    [['windlass-worker.service'], 'mine'],
  )
  const forced = await place.json(['deploy', 'systemd', '--force'])
  assert.deepEqual([forced.code, forced.document], [0, { files: [unit] }], forced.stderr)
  assert.match(readFileSync(unit, 'utf8'), /^Type=notify$/m)
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
    assert.deepEqual([one.stop_grace_period, one.healthcheck?.test.at(-1)], ['330s', 'status'], name)
  }
}
