/**
 * Compiled code is kept between runs of the command line: where, and what happens where it cannot be.
 */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Place } from './launch.ts'

test('a verb keeps what it compiled in the cache folder of its user', async (t) => {
  const place = new Place(t)
  const caches = join(place.folder, 'caches')
  const ran = await place.run(['explain', 'not_found'], {
    env: { XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: undefined },
  })
  assert.equal(ran.code, 0, ran.stderr)
  assert.ok(globSync('windlass/compiled/*/*', { cwd: caches }).length > 0)
})

test('a cache folder that cannot be written is no error', async (t) => {
  const place = new Place(t)
  const ran = await place.run(['explain', 'not_found'], {
    env: { XDG_CACHE_HOME: '/dev/null', NODE_COMPILE_CACHE: undefined },
  })
  assert.deepEqual([ran.code, ran.stderr], [0, ''])
})
