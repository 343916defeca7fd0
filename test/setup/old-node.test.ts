/** What runs before the pinned Node has to parse on the Node that is there. */
import { parse } from 'acorn'
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** ECMAScript 2020 is what Node 14 parses, 2022 what Node 18 does. */
const parses = (file: string, ecmaVersion: 2020 | 2022): void => {
  const text = readFileSync(join(ROOT, file), 'utf8')
  assert.doesNotThrow(() => parse(text, { ecmaVersion, sourceType: 'module', allowHashBang: true }), file)
}

test('the command, and what it loads to find the pinned Node, parse on Node 14', () => {
  for (const file of ['bin/windlass.js', ...globSync('scripts/setup/*.js', { cwd: ROOT })]) parses(file, 2020)
})

test('every script that npm starts parses on Node 18', () => {
  const files = globSync('scripts/**/*.js', { cwd: ROOT })
  assert.ok(files.length > 5)
  for (const file of files) parses(file, 2022)
})

test('a newer syntax would be seen', () => {
  assert.throws(() => parse('a ??= 1', { ecmaVersion: 2020, sourceType: 'module' }))
})
