import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { withoutServiceStarts } from './service-starts.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-policy-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const ask = (policy: string): number | null => spawnSync(policy, ['redis-server', 'start']).status

test('no service starts meanwhile; where no policy was, none is left', async () => {
  const policy = join(folder, 'none')
  assert.equal(await withoutServiceStarts(() => Promise.resolve(ask(policy)), policy), 101)
  assert.equal(existsSync(policy), false)
})

test('a policy that was there is put back, also when the work fails', async () => {
  const policy = join(folder, 'mine')
  writeFileSync(policy, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const work = () => Promise.reject(new Error(`status ${ask(policy)}`))
  await assert.rejects(withoutServiceStarts(work, policy), /status 101/)
  assert.equal(readFileSync(policy, 'utf8'), '#!/bin/sh\nexit 0\n')
})

test('what a killed run has left is put back by the next', async () => {
  const policy = join(folder, 'left')
  const { pid } = spawnSync('true')
  const mark = '# windlass: no service starts while test servers are installed, by process'
  writeFileSync(policy, `#!/bin/sh\n${mark} ${pid}\nexit 101\n`, { mode: 0o755 })
  writeFileSync(`${policy}.before-windlass`, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  assert.equal(await withoutServiceStarts(() => Promise.resolve(ask(policy)), policy), 101)
  assert.equal(ask(policy), 3)
})
