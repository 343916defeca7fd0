/** Task types of a config: globs, doubles, and that verbs which only look import none of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { Windlass } from 'windlass'

import { project } from './folder.ts'
import { loadSettings } from '../../src/config/load.ts'
import { loadTasks } from '../../src/config/tasks.ts'

const define = (name: string, rest = ''): string =>
  `import { defineTask } from 'windlass'\nexport const task = defineTask({ name: '${name}', run: () => '${name}'${rest} })\n`

const CONFIG = (tasks: string): string =>
  `import { defineConfig } from 'windlass'\nexport default defineConfig({ engine: 'memory:', tasks: ${tasks} })\n`

async function namesIn(cwd: string): Promise<string[]> {
  const settings = await loadSettings({ cwd, env: {} })
  return [...(await loadTasks(settings.tasks, settings.root)).keys()]
}

test('globs name files that export types, from a folder without any windlass of its own', async (t) => {
  const cwd = project(t, {
    'windlass.config.ts': CONFIG("['tasks/**/*.ts', 'one.mjs']"),
    'tasks/a.ts': define('a'),
    'tasks/deep/b.ts': define('b'),
    'tasks/deep/b.test.ts': "throw new Error('a test is no task')",
    'tasks/deep/notes.ts': 'export const nothing = 1',
    'tasks/list.ts':
      "import { task } from './a.ts'\nimport { defineTask } from 'windlass'\nexport default [task, defineTask({ name: 'c' })]",
    'one.mjs': define('d'),
  })
  assert.deepEqual(await namesIn(cwd), ['a', 'b', 'c', 'd'])
  const module = (await import(join(cwd, 'one.mjs'))) as { task: object }
  const settings = await loadSettings({ cwd, env: {} })
  assert.equal((await loadTasks(settings.tasks, settings.root)).get('d'), module.task)
})

test('a type defined twice is refused, naming both places', async (t) => {
  const cwd = project(t, {
    'windlass.config.ts': CONFIG("['tasks/*.ts']"),
    'tasks/a.ts': define('same'),
    'tasks/b.ts': define('same'),
  })
  await assert.rejects(namesIn(cwd), {
    code: 'duplicate_task_type',
    message: /"same" is defined twice: in tasks\/a\.ts and in tasks\/b\.ts/,
  })
})

test('a definition and its implementation are one type; two implementations are not', async (t) => {
  const definition =
    "import { defineTask } from 'windlass'\nexport const mail = defineTask({ name: 'mail' })\n"
  const handler =
    "import { implement } from 'windlass'\nimport { mail } from './mail.ts'\nexport const real = implement(mail, () => 'sent')\n"
  const cwd = project(t, {
    'windlass.config.ts': CONFIG("['tasks/*.ts']"),
    'tasks/mail.ts': definition,
    'tasks/mail-handler.ts': handler,
  })
  const settings = await loadSettings({ cwd, env: {} })
  const types = await loadTasks(settings.tasks, settings.root)
  assert.deepEqual(
    [...types].map(([name, type]) => [name, type.run !== null]),
    [['mail', true]],
  )
  const twice = project(t, {
    'windlass.config.ts': CONFIG("['tasks/*.ts']"),
    'tasks/mail.ts': definition,
    'tasks/mail-handler.ts': handler,
    'tasks/other-handler.ts': handler,
  })
  await assert.rejects(namesIn(twice), { code: 'duplicate_task_type' })
})

test('globs without files, files without types and hand-made types are told', async (t) => {
  const cwd = project(t, {
    'a/windlass.config.ts': CONFIG("['taks/*.ts']"),
    'b/windlass.config.ts': CONFIG("['empty.ts']"),
    'b/empty.ts': 'export const x = 1',
    'c/windlass.config.ts': CONFIG("['hand.ts']"),
    'c/hand.ts': "export const task = { name: 'x', run: () => 1 }",
    'd/windlass.config.ts': CONFIG("['broken.ts']"),
    'd/broken.ts': "throw new Error('half-written')",
  })
  await assert.rejects(namesIn(join(cwd, 'a')), {
    code: 'config_invalid',
    message: /"taks\/\*\.ts" matches no file/,
  })
  await assert.rejects(namesIn(join(cwd, 'b')), { code: 'config_invalid', message: /exports no task type/ })
  await assert.rejects(namesIn(join(cwd, 'c')), { code: 'config_invalid', message: /not made by defineTask/ })
  await assert.rejects(namesIn(join(cwd, 'd')), { code: 'config_failed', message: /half-written/ })
})

test('what only looks never imports task code; names do', async (t) => {
  const cwd = project(t, {
    'windlass.config.ts': CONFIG("['tasks.ts']"),
    'tasks.ts': `globalThis.taskCodeRan = (globalThis.taskCodeRan ?? 0) + 1\n${define('mine')}`,
  })
  const ran = (): unknown => Reflect.get(globalThis, 'taskCodeRan')
  const windlass = await Windlass.open({ cwd, env: {} })
  assert.deepEqual(await windlass.stats(), [])
  assert.equal(await windlass.tasks.get('x'), null)
  assert.equal(ran(), undefined)
  await assert.rejects(windlass.enqueue('mnie'), {
    code: 'unknown_task_type',
    message: /did you mean "mine"/,
  })
  assert.equal(ran(), 1)
  assert.equal((await windlass.enqueue('mine')).outcome, 'created')
  await windlass.close()
  await assert.rejects(Windlass.open({ enigne: 'memory:' } as object), {
    code: 'unknown_option',
    message: /"engine"/,
  })
  const blind = await Windlass.open({ cwd, env: {}, loadTasks: false })
  assert.equal((await blind.enqueue('anything')).outcome, 'created')
  await blind.close()
  const eager = await Windlass.open({ cwd, env: {}, engine: 'memory:', loadTasks: true })
  assert.deepEqual([...(await eager.types()).keys()], ['mine'])
  assert.equal(eager.settings.origins.find((one) => one.key === 'engine')?.origin, 'flag')
  await eager.close()
})
