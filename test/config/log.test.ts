/** The log of a program with the library: to a file with the bounds of its settings, given back at the end. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { Windlass } from '../../src/windlass.ts'
import { project } from './folder.ts'

/** Files that this process has open below the folder. */
function openIn(folder: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  })
}

test('log.file gets the lines below the config, rotated by size, and is given back by close', async (t) => {
  const cwd = project(t, {})
  const config = { engine: 'memory:', log: { file: 'logs/app.log', size: '1kb' } } as const
  const windlass = new Windlass(config, { cwd, env: { LOG_KEEP: '1' } })
  const said = t.mock.method(process.stderr, 'write', () => true)
  for (let i = 0; i < 3; i++) windlass.log.info('said', { i, fill: 'x'.repeat(600) })
  assert.equal(said.mock.callCount(), 3)
  said.mock.restore()
  const read = (name: string): string => readFileSync(join(cwd, 'logs', name), 'utf8')
  assert.match(read('app.log'), /said i=2 /)
  assert.match(read('app.log.1'), /said i=1 /)
  assert.deepEqual(readdirSync(join(cwd, 'logs')).length, 2)
  await windlass.close()
  assert.deepEqual(openIn(cwd), [])
})
