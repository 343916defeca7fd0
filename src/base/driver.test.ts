import assert from 'node:assert/strict'
import { test } from 'node:test'

import { loadDriver } from './driver.ts'

test('a driver that is not installed is told with the command that installs it', async () => {
  const name: string = '@windlass/no-such-driver'
  await assert.rejects(
    loadDriver(name, () => import(name)),
    { code: 'engine_driver_missing', hint: `npm install ${name}`, applied: 'no', retry: false },
  )
})

test('a driver that is there and broken says so itself', async () => {
  const broken = Object.assign(new Error("Cannot find package 'inner' imported from /x/driver/index.js"), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  await assert.rejects(
    loadDriver('driver', () => Promise.reject(broken)),
    broken,
  )
  assert.equal(await loadDriver('driver', () => Promise.resolve(7)), 7)
})
