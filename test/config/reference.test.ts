/** The reference page names every setting and every variable that the code reads. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { settingsOf } from '../../src/config/load.ts'
import { CONFIG_KEYS } from '../../src/config/shape.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('docs/reference/config.md is complete', () => {
  const page = read('docs/reference/config.md')
  const { origins } = settingsOf({}, { cwd: '/', env: {} })
  const source = read('src/config/settings.ts') + read('src/config/engine-url.ts')
  const variables = [...source.matchAll(/'((?:[A-Z]+_)+[A-Z]+)'/g)].map(([, name = '']) => name)
  assert.ok(variables.length > 20)
  const missing = [...origins.map(({ key }) => key), ...Object.keys(CONFIG_KEYS), ...variables].filter(
    (word) => !new RegExp(`[\`( .]${word.replace('.', '\\.')}[\`) .:]`).test(page),
  )
  assert.deepEqual(missing, [])
})
