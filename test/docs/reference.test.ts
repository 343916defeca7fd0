// The pages that follow a table in the code are what the code would write today.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

import { readEngines } from '../../scripts/engines-page.ts'
import { referencePages } from '../../scripts/reference.ts'
import { conformance } from '../../src/testing/index.ts'

for (const [path, text] of Object.entries(await referencePages())) {
  test(`${path} follows the table in the code`, () => {
    const stored = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    assert.equal(stored, text, 'stale: run npm run docs')
  })
}

test('the page of engines tells of the suite as it is today', () => {
  const never = (): never => {
    throw new Error('no case is run here')
  }
  const today = conformance({ name: 'none', open: never }).length
  for (const { engine, cases, passed, skipped } of readEngines().engines) {
    assert.equal(cases, today, `${engine}: stale: run npm run docs -- --engines`)
    assert.equal(passed + skipped.length, cases, `${engine} does not pass its suite`)
  }
})
