// Holds the suite and the table of rules together: each rule of CONTRACT.md has a case or a reason why not.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

import { conformance, RULES } from '../../src/testing/index.ts'

const cases = conformance({
  name: 'none',
  open: () => Promise.reject(new Error('no case is run here')),
})

/** Rules 1 to 20 are about every engine; 21 to 26 about one each. */
const COMMON = 20
const LAST = 26

test('the table names each rule once, in order', () => {
  assert.deepEqual(
    RULES.map((one) => one.rule),
    Array.from({ length: LAST }, (_, i) => i + 1),
  )
})

for (const { rule, about, suite, elsewhere } of RULES) {
  test(`rule ${rule} (${about}): has a case or a reason`, () => {
    const named = cases.filter((one) => one.rule.includes(rule))
    assert.equal(named.length > 0, suite, `${named.length} cases name it`)
    if (!suite) assert.match(elsewhere ?? '', /\w/)
    if (rule > COMMON) assert.equal(suite, false, 'about one engine only: no case of the common suite')
  })
}

test('every case says which rule it is about', () => {
  for (const { topic, name, rule } of cases) {
    assert.ok(rule.length > 0, `${topic}: ${name}`)
    for (const one of rule) {
      assert.ok(
        typeof one === 'string' || RULES.some((known) => known.rule === one),
        `${topic}: ${name}: ${one}`,
      )
    }
  }
})

test('no two cases of a topic share a name', () => {
  const names = cases.map(({ topic, name }) => `${topic}: ${name}`)
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  )
})

test('a case that cannot be run says why', () => {
  const reason = 'one process only'
  const bound = conformance({
    name: 'alone',
    cannot: {
      reopen: reason,
      spawnMigrators: reason,
      makeNewer: reason,
      forgetSession: reason,
      shortFeed: reason,
    },
    open: () => Promise.reject(new Error('no case is run here')),
  })
  const skipped = bound.filter((one) => one.skip !== undefined)
  assert.ok(skipped.length > 0 && skipped.every((one) => one.skip === reason))
  assert.ok(cases.every((one) => one.skip === undefined))
})

test('the published kit knows no test runner', () => {
  const root = new URL('../../src/testing/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  )
  assert.ok(files.length > 20)
  for (const file of files) {
    assert.doesNotMatch(readFileSync(new URL(file, root), 'utf8'), /from 'node:test/, file)
  }
})
