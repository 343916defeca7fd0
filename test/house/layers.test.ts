/** The house stands: the real tree breaks no rule, and every rule is seen to catch what it is there for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHouse, type Rule } from './rules.ts'
import { readTree } from './tree.ts'

const long = (lines: number): string => '// line\n'.repeat(lines)

/** A small house in order, with something planted in it; answers the rules broken, and where. */
function plant(files: Record<string, string>): { broken: Rule[]; told: string } {
  const house = {
    'src/core/word.ts': 'export const word = 1',
    'src/base/loop.ts': "import { word } from '../core/word.ts'\nexport const loop = word",
    'src/engines/memory/memory.ts':
      "import type { word } from '../../core/word.ts'\nexport type Memory = typeof word",
    'src/engines/sqlite/sqlite.ts': "import { sql } from '../sql/sql.ts'\nexport const sqlite = sql",
    'src/engines/sql/sql.ts': 'export const sql = 1',
    'src/engines/open.ts': "export const open = () => import('./memory/memory.ts')",
    'src/client/client.ts': 'export const client = 1',
    'src/worker/worker.ts': "export const heart = new URL('../cli/main.ts', import.meta.url)",
    'src/cli/main.ts': "import { Windlass } from '../windlass.ts'\nexport const main = Windlass",
    'src/windlass.ts': "import { client } from './client/client.ts'\nexport const Windlass = client",
    'src/index.ts': "export * from './windlass.ts'",
    'src/testing/index.ts': "export * from './model.ts'",
    'src/testing/model.ts':
      "import type { Memory } from '../engines/memory/memory.ts'\nexport type Model = Memory",
    'src/client/client.test.ts': "import type { Model } from '../testing/model.ts'\nexport type Mine = Model",
    'test/process/kill.test.ts': "import { Windlass } from 'windlass'\nexport const it = Windlass",
  }
  const violations = checkHouse(new Map(Object.entries({ ...house, ...files })))
  return {
    broken: violations.map(({ rule }) => rule),
    told: violations.map(({ file, says }) => `${file}: ${says}`).join('\n'),
  }
}

test('the real tree breaks no rule', () => {
  const tree = readTree()
  assert.ok(tree.size > 20, 'the tree was found')
  const told = checkHouse(tree).map(({ rule, file, says }) => `${rule}: ${file}: ${says}`)
  assert.deepEqual(told, [])
})

test('a house in order is left alone', () => {
  assert.deepEqual(plant({}).broken, [])
})

for (const [name, file, text] of [
  ['core imports base', 'src/core/a.ts', "import { loop } from '../base/loop.ts'\nexport default loop"],
  [
    'base imports a client',
    'src/base/a.ts',
    "import { client } from '../client/client.ts'\nexport default client",
  ],
  [
    'a type import',
    'src/base/a.ts',
    "import type { client } from '../client/client.ts'\nexport type A = typeof client",
  ],
  ['an inline type import', 'src/base/a.ts', "export type A = import('../client/client.ts').Client"],
  ['a re-export', 'src/base/a.ts', "export { client } from '../client/client.ts'"],
  ['a star re-export', 'src/base/a.ts', "export * from '../client/client.ts'"],
  ['a dynamic import', 'src/base/a.ts', "export const a = () => import('../client/client.ts')"],
  ['a dynamic import in backticks', 'src/base/a.ts', 'export const a = () => import(`../client/client.ts`)'],
  ['a client imports a worker', 'src/client/a.ts', "export * from '../worker/worker.ts'"],
  ['a worker imports the scheduler', 'src/worker/a.ts', "export * from '../scheduler/scheduler.ts'"],
  ['a worker names an engine', 'src/worker/a.ts', "export * from '../engines/sqlite/sqlite.ts'"],
  ['one engine imports another', 'src/engines/sqlite/a.ts', "export * from '../memory/memory.ts'"],
  ['memory imports the SQL kernel', 'src/engines/memory/a.ts', "export * from '../sql/sql.ts'"],
  ['the SQL kernel imports a dialect', 'src/engines/sql/a.ts', "export * from '../postgres/postgres.ts'"],
  ['an engine imports the shelf', 'src/engines/sqlite/a.ts', "export * from '../open.ts'"],
  ['config imports an engine', 'src/config/a.ts', "export * from '../engines/open.ts'"],
  ['a client imports config', 'src/client/a.ts', "export * from '../config/config.ts'"],
  ['the server imports the supervisor', 'src/server/a.ts', "export * from '../supervisor/supervisor.ts'"],
  ['the supervisor imports the command line', 'src/supervisor/a.ts', "export * from '../cli/main.ts'"],
  ['a worker imports the front door', 'src/worker/a.ts', "export * from '../windlass.ts'"],
  ['the front door imports the server', 'src/index.ts', "export * from './server/server.ts'"],
  ['the command line imports the test kit', 'src/cli/a.ts', "export * from '../testing/model.ts'"],
  ['the test kit imports SQLite', 'src/testing/a.ts', "export * from '../engines/sqlite/sqlite.ts'"],
  ['the dashboard imports a source', 'dashboard/a.ts', "export * from '../src/core/word.ts'"],
  ['a source imports from test', 'src/core/a.ts', "export * from '../../test/house/rules.ts'"],
] as const) {
  test(`arrows: ${name}`, () => {
    const { broken, told } = plant({ [file]: text })
    assert.deepEqual(broken, ['arrow'])
    assert.match(told, new RegExp(`^${file}: line 1: `))
  })
}

test('arrows: siblings do not import each other', () => {
  const running = ['client', 'worker', 'scheduler', 'push', 'toolbox']
  const engines = ['memory', 'sqlite', 'postgres', 'mysql', 'redis', 'rabbitmq'].map(
    (name) => `engines/${name}`,
  )
  for (const siblings of [running, engines, ['server', 'supervisor']]) {
    const pairs = siblings.flatMap((from) => siblings.map((to) => [from, to] as const))
    for (const [from, to] of pairs.filter(([a, b]) => a !== b)) {
      const text = `export * from '${from.includes('/') ? '../../' : '../'}${to}/b.ts'`
      assert.deepEqual(plant({ [`src/${from}/a.ts`]: text }).broken, ['arrow'], `${from} → ${to}`)
    }
  }
})

test('a room that is not on the map', () => {
  assert.deepEqual(plant({ 'src/attic/a.ts': 'export const a = 1' }).broken, ['room'])
  assert.deepEqual(plant({ 'src/engines/oracle/a.ts': 'export const a = 1' }).broken, ['room'])
  assert.deepEqual(plant({ 'src/loose.ts': 'export const a = 1' }).broken, ['room'])
})

test('an engine that is loaded before anybody asks for it', () => {
  const text =
    "import type { Memory } from './memory/memory.ts'\nexport { sqlite } from './sqlite/sqlite.ts'\nexport type A = Memory"
  assert.deepEqual(plant({ 'src/engines/open.ts': text }).broken, ['lazy'])
})

test('core that does I/O', () => {
  assert.deepEqual(
    plant({ 'src/core/a.ts': "import { readFileSync } from 'node:fs'\nexport default readFileSync" }).broken,
    ['pure'],
  )
  assert.deepEqual(
    plant({ 'src/core/a.ts': "import { createHash } from 'node:crypto'\nexport default createHash" }).broken,
    [],
  )
})

test('a source that imports a test', () => {
  assert.deepEqual(plant({ 'src/client/a.ts': "export * from './client.test.ts'" }).broken, ['test'])
})

test('cycles, types included, however long', () => {
  const two = plant({
    'src/core/a.ts': "import type { B } from './b.ts'\nexport type A = B",
    'src/core/b.ts': "import type { A } from './a.ts'\nexport type B = A",
  })
  assert.deepEqual(two.broken, ['cycle'])
  assert.match(two.told, /src\/core\/a\.ts → src\/core\/b\.ts → src\/core\/a\.ts/)
  const three = plant({
    'src/core/a.ts': "export * from './b.ts'",
    'src/core/b.ts': "export const b = () => import('./c.ts')",
    'src/core/c.ts': "export * from './a.ts'\nexport * from './word.ts'",
  })
  assert.deepEqual(three.broken, ['cycle'])
  assert.match(three.told, /a\.ts → .*b\.ts → .*c\.ts → .*a\.ts/)
  assert.deepEqual(plant({ 'src/core/a.ts': "export * from './a.ts'" }).broken, ['cycle'])
})

test('an index.ts entered from inside', () => {
  assert.deepEqual(plant({ 'src/testing/a.ts': "export * from './index.ts'" }).broken, ['index'])
  assert.deepEqual(
    plant({ 'src/cli/a.ts': "import { Windlass } from 'windlass'\nexport default Windlass" }).broken,
    ['index'],
  )
  assert.deepEqual(
    plant({ 'src/cli/main.ts': "import { Windlass } from '../index.ts'\nexport default Windlass" }).broken,
    ['index'],
  )
})

test('files over 400 lines, under every roof, in every language of ours', () => {
  for (const file of ['src/core/a.ts', 'dashboard/a.tsx', 'test/a/a.test.ts', 'bench/a.ts', 'scripts/a.js']) {
    assert.deepEqual(plant({ [file]: long(401) }).broken, ['file-lines'], file)
    assert.deepEqual(plant({ [file]: long(400) }).broken, [], file)
  }
  assert.deepEqual(plant({ 'src/engines/redis/lua/claim.lua': '-- line\n'.repeat(401) }).broken, [
    'file-lines',
  ])
})

test('functions over 60 lines, of every kind, comments and blank lines counted', () => {
  const body = (lines: number): string => `{\n${'  // line\n'.repeat(lines - 2)}}`
  for (const head of [
    'export function f() ',
    'export const f = () => ',
    'export const f = async function () ',
  ]) {
    assert.deepEqual(plant({ 'src/core/a.ts': head + body(61) }).broken, ['function-lines'], head)
    assert.deepEqual(plant({ 'src/core/a.ts': head + body(60) }).broken, [], head)
  }
  assert.deepEqual(plant({ 'src/core/a.ts': `export class A { f() ${body(61)} }` }).broken, [
    'function-lines',
  ])
  assert.deepEqual(plant({ 'src/core/a.ts': `export const a = { f() ${body(61)} }` }).broken, [
    'function-lines',
  ])
  assert.deepEqual(plant({ 'test/a.test.ts': `describe('a', () => ${body(61)})` }).broken, ['function-lines'])
  assert.match(plant({ 'src/core/a.ts': `\n\nexport function f() ${body(70)}` }).told, /line 3 has 70 lines/)
})

test('no comment switches a rule off', () => {
  const text = `/* oxlint-disable */\n/* eslint-disable max-lines */\n${long(400)}`
  assert.deepEqual(plant({ 'src/core/a.ts': text }).broken, ['file-lines'])
})

test('drawers', () => {
  for (const name of ['utils', 'helpers', 'manager', 'misc']) {
    assert.deepEqual(plant({ [`src/core/${name}.ts`]: 'export const a = 1' }).broken, ['name'])
  }
})
