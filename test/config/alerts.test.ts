/** Alerts and upkeep as a config says them: defaults, units, switches, and what is refused with the nearest known key. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readAlerts, readUpkeep } from '../../src/config/alerts.ts'
import { settingsOf } from '../../src/config/load.ts'
import type { Config } from '../../src/config/shape.ts'
import { DEFAULT_RULES } from '../../src/core/alert-rules.ts'

const NOWHERE = { cwd: '/', env: {} }

test('with nothing said, the four alerts of everybody stand, and the log is told', () => {
  const { alerts, upkeep } = settingsOf({}, NOWHERE)
  assert.deepEqual(alerts, {
    rules: DEFAULT_RULES,
    to: { log: true, command: null, folder: '/', webhook: null },
  })
  const { successRate, dead, backlog, workers } = DEFAULT_RULES
  assert.deepEqual(
    [successRate?.below, dead?.above, backlog?.above, workers?.below, upkeep],
    [0.95, 100, 1_000, 1, { every: 60_000 }],
  )
  assert.deepEqual(settingsOf({ alerts: true, upkeep: true }, NOWHERE).alerts, alerts)
})

test('all of it, or one of it, is switched off', () => {
  const off = settingsOf({ alerts: false, upkeep: false }, NOWHERE)
  assert.deepEqual([off.alerts, off.upkeep], [null, null])
  const rules = readAlerts(
    {
      successRate: false,
      dead: false,
      backlog: false,
      workers: { died: false },
      unserved: false,
      stuck: false,
    },
    '',
    1,
    { folder: '/', webhook: null },
  )?.rules
  assert.deepEqual(
    [rules?.successRate, rules?.dead, rules?.backlog, rules?.workers, rules?.unserved, rules?.stuck],
    [null, null, null, { below: 1, died: null }, false, false],
  )
})

test('thresholds and times, bare numbers in the unit of the file', () => {
  const said = {
    every: 10,
    for: 0,
    repeat: '4h',
    successRate: { below: 0.5, window: 120, least: 1 },
    dead: { above: 0 },
    backlog: { above: 5, queues: ['mail'] },
    workers: { below: 3, died: 60 },
    waiting: { above: 90 },
    to: { log: false, command: 'notify', webhook: 'http://127.0.0.1:9/hook' },
  }
  assert.deepEqual(readAlerts(said, 'c', 1_000, { folder: '/app', webhook: 'http://127.0.0.1:9/hook' }), {
    rules: {
      every: 10_000,
      for: 0,
      repeat: 14_400_000,
      successRate: { below: 0.5, window: 120_000, least: 1 },
      dead: { above: 0 },
      backlog: { above: 5, queues: ['mail'] },
      workers: { below: 3, died: 60_000 },
      unserved: true,
      waiting: { above: 90_000 },
      stuck: true,
    },
    to: { log: false, command: 'notify', folder: '/app', webhook: 'http://127.0.0.1:9/hook' },
  })
  assert.deepEqual(readUpkeep({ every: 5 }, '', 1_000), { every: 5_000 })
})

for (const [alerts, message] of [
  [{ sucessRate: {} }, /alerts: unknown key "sucessRate"; did you mean "successRate"/],
  [{ dead: { abov: 1 } }, /alerts\.dead: unknown key "abov"; did you mean "above"/],
  [{ successRate: { below: 95 } }, /alerts\.successRate\.below is a number from 0 to 1, not 95/],
  [{ backlog: { above: 1.5 } }, /alerts\.backlog\.above is a whole number/],
  [{ backlog: { queues: 'mail' } }, /alerts\.backlog\.queues is a list of queues/],
  [{ every: '10ms' }, /alerts\.every is at least 1000 ms/],
  [{ for: 'soon' }, /alerts\.for/],
  [{ waiting: {} }, /alerts\.waiting\.above is a duration/],
  [{ unserved: 1 }, /alerts\.unserved is true or false, not 1/],
  [{ to: { mail: 'x' } }, /alerts\.to: unknown key "mail"/],
  [{ to: { webhook: 'hook' } }, /alerts\.to\.webhook is an address that begins with http/],
  [{ to: { command: '' } }, /alerts\.to\.command is a command/],
  ['on', /alerts: wants an object/],
] as const)
  test(`refused: ${JSON.stringify(alerts)}`, () => {
    const config = { alerts } as unknown as Config
    assert.throws(() => settingsOf(config, NOWHERE), { code: 'config_invalid', message })
  })

test('the address of the webhook may come from the environment, and is never shown', () => {
  const config = { alerts: { to: { webhook: 'http://file/' } } }
  const env = { ALERT_WEBHOOK_URL: 'http://hidden/' }
  const { alerts, origins } = settingsOf(config, { ...NOWHERE, env })
  assert.equal(alerts?.to.webhook, 'http://hidden/')
  assert.equal(settingsOf(config, NOWHERE).alerts?.to.webhook, 'http://file/')
  const shown = origins.find(({ key }) => key === 'alerts.to.webhook')
  assert.deepEqual([shown?.value, shown?.origin], ['***', 'ALERT_WEBHOOK_URL (environment)'])
})

test('an address with a password is refused without being repeated', () => {
  const config = { alerts: { to: { webhook: 'https://u:hidden@example.com/' } } }
  assert.throws(
    () => settingsOf(config, NOWHERE),
    (error: Error) => {
      assert.doesNotMatch(error.message, /hidden/)
      return true
    },
  )
})
