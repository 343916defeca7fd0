// The pages that follow a table in the code are what the code would write today.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

import { referencePages } from '../../scripts/reference.ts'

for (const [path, text] of Object.entries(await referencePages())) {
  test(`${path} follows the table in the code`, () => {
    const stored = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    assert.equal(stored, text, 'stale: run npm run docs')
  })
}
