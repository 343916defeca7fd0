// Servers of a test's own: they answer, survive being killed with their data, and never outlive who started them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { askRedis, isAlive, until } from './probe.ts'
import { findProgram } from './programs.ts'
import { Servers, ServerFailure } from './servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-servers-'))
const opened: Servers[] = []
after(async () => {
  await Promise.all(opened.map((servers) => servers.close()))
  rmSync(folder, { recursive: true, force: true })
})

function open(...options: ConstructorParameters<typeof Servers>): Servers {
  const servers = new Servers(...options)
  opened.push(servers)
  return servers
}

test('a server answers with the password of its URL alone, and is gone after close', async () => {
  const servers = open()
  const server = await servers.start('redis')
  const pid = server.pid() ?? 0
  assert.match(await askRedis(server.url, 'PING'), /PONG/)
  const { host } = new URL(server.url)
  assert.match(await askRedis(`redis://${host}/`, 'PING'), /NOAUTH/)
  const data = /dir\n\$\d+\n(.*)\n/.exec(
    (await askRedis(server.url, 'CONFIG GET dir')).replaceAll('\r', ''),
  )?.[1]
  const shown = process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
  assert.ok(!shown.includes(new URL(server.url).password), 'arguments are read by everybody on the machine')
  await servers.close()
  assert.equal(isAlive(pid), false)
  assert.equal(isAlive(servers.pid), false)
  assert.throws(() => readFileSync(join(data ?? '', 'redis.conf')), { code: 'ENOENT' })
})

test('a server that was killed runs again on its port, with its data and its settings', async () => {
  const servers = open()
  const server = await servers.start('redis', { maxmemory: '5mb' })
  const first = server.pid()
  await askRedis(server.url, 'SET key kept')
  await server.kill()
  assert.equal(server.pid(), null)
  await assert.rejects(askRedis(server.url, 'PING'), { code: 'ECONNREFUSED' })
  await server.run()
  assert.notEqual(server.pid(), first)
  assert.match(await askRedis(server.url, 'GET key'), /kept/)
  assert.match(await askRedis(server.url, 'CONFIG GET maxmemory'), /5242880/)
  await servers.close()
})

test('servers end when their owner is killed', async () => {
  const owner = join(folder, 'owner.ts')
  const module = JSON.stringify(new URL('servers.ts', import.meta.url).href)
  writeFileSync(
    owner,
    `const { Servers } = await import(${module})
    const servers = new Servers()
    const server = await servers.start('redis')
    console.log(JSON.stringify({ url: server.url, pids: [server.pid(), servers.pid] }))
    setInterval(() => undefined, 1000)`,
  )
  const child = spawn(process.execPath, [owner], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url, pids } = JSON.parse(line.toString()) as { url: string; pids: number[] }
  assert.match(await askRedis(url, 'PING'), /PONG/)
  child.kill('SIGKILL')
  await until('server and keeper are gone', () => pids.every((pid) => !isAlive(pid)))
})

test('a temporary folder that is closed to the account of the server is not used', async () => {
  const closed = mkdtempSync(join(tmpdir(), 'windlass-closed-'))
  const servers = open(undefined, { ...process.env, TMPDIR: closed })
  assert.match(await askRedis((await servers.start('redis')).url, 'PING'), /PONG/)
  await servers.close()
  rmSync(closed, { recursive: true })
})

test('a server that does not start says why, and leaves nothing', async () => {
  const servers = open()
  await assert.rejects(servers.start('redis', { 'no-such-setting': 'x' }), (error: unknown) => {
    assert.ok(error instanceof ServerFailure)
    assert.match(error.message, /redis ended with 1: .*no-such-setting/is)
    return !error.missing
  })
  await servers.close()
})

test('what is missing is installed, told beforehand, unless that is forbidden', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root installs')
  const real = findProgram(['redis-server', 'valkey-server'])
  const script = `#!/bin/sh\n[ "$1" = install ] && ln -s ${real} ${folder}/redis-server\nexit 0\n`
  writeFileSync(join(folder, 'apt-get'), script)
  chmodSync(join(folder, 'apt-get'), 0o755)
  // The server runs as another account and has to reach its program.
  chmodSync(folder, 0o755)
  const said: string[] = []
  const env = { ...process.env, WINDLASS_TEST_PROGRAMS: folder, PATH: '/usr/bin:/bin' }

  const forbidden = open((line) => said.push(line), { ...env, WINDLASS_NO_APT: '1' })
  await assert.rejects(forbidden.start('redis'), { missing: true, message: /WINDLASS_NO_APT/ })
  await forbidden.close()
  assert.equal(said.length, 0)

  const allowed = open((line) => said.push(line), { ...env, WINDLASS_NO_APT: '0' })
  const server = await allowed.start('redis')
  assert.match(await askRedis(server.url, 'PING'), /PONG/)
  assert.deepEqual(said, ['installing redis-server for the tests (WINDLASS_NO_APT=1 forbids it)'])
  await allowed.close()
})
