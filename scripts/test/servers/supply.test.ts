// Where neither the machine nor Debian has a server: docker compose, and what is said when that is not there either.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Servers } from './servers.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-compose-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A machine without servers, on which nothing may be installed. */
const BARE = { WINDLASS_TEST_PROGRAMS: '/nowhere', WINDLASS_NO_APT: '1', PATH: `${folder}:/usr/bin:/bin` }

/** A docker that writes down what it is asked, and answers with this. */
function standIn(script: string): void {
  const noted = `echo "$* $WINDLASS_PASSWORD" >> "${join(folder, 'asked')}"`
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${noted}\n${script}\n`, { mode: 0o755 })
}

test('docker compose starts the server on a port of its own, and takes it down', async () => {
  standIn('case "$*" in *" port "*) echo 127.0.0.1:54321;; esac')
  const servers = new Servers(undefined, BARE)
  const server = await servers.start('postgres')
  const { password, host } = new URL(server.url)
  assert.equal(host, '127.0.0.1:54321')
  assert.equal(server.pid(), null)
  await assert.rejects(server.kill(), /in a container/)
  await servers.close()
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')
  const [, up = '', port = '', down = ''] = asked
  const project = /-p (windlass-test-\w+) /.exec(up)?.[1] ?? ''
  assert.match(up, new RegExp(`up --detach --wait postgres ${password}$`))
  assert.match(port, / port postgres 5432 /)
  assert.match(down, new RegExp(`-p ${project} .*down --volumes`))
})

test('a docker that does not answer counts as none, and the reason is the first one', async () => {
  standIn('exit 1')
  const servers = new Servers(undefined, BARE)
  await assert.rejects(servers.start('mysql'), { missing: true, message: /WINDLASS_NO_APT/ })
  await servers.close()
})
