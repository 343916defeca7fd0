// The README's program is the example, and its commands do what it says: run as they stand, on a store of their own.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { marked } from 'marked'

import { makeClone } from '../setup/clone.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Block {
  readonly lang: string
  readonly text: string
}

function blocksOf(path: string): Block[] {
  return marked
    .lexer(readFileSync(join(ROOT, path), 'utf8'))
    .flatMap((token) =>
      token.type === 'code' ? [{ lang: String(token['lang']), text: String(token['text']) }] : [],
    )
}

function filesIn(path: string): Map<string, string> {
  const named = blocksOf(path).flatMap(({ lang, text }) => {
    const name = /^\/\/ ([\w.]+\.ts)\n/.exec(text)?.[1]
    return lang === 'ts' && name !== undefined
      ? [[name, `${text.slice(text.indexOf('\n') + 1)}\n`] as const]
      : []
  })
  return new Map(named)
}

for (const readme of ['README.md', 'README.zh-CN.md']) {
  test(`the program in ${readme} is examples/first-task, to the letter`, () => {
    const files = filesIn(readme)
    assert.deepEqual([...files.keys()].toSorted(), ['main.ts', 'tasks.ts', 'windlass.config.ts'])
    for (const [name, text] of files) {
      assert.equal(readFileSync(join(ROOT, 'examples/first-task', name), 'utf8'), text, name)
    }
  })
}

/** The example in a copy of the clone, and the package's command beside it. */
function example(t: TestContext): {
  folder: string
  node: (...args: string[]) => string[]
  env: NodeJS.ProcessEnv
} {
  const clone = makeClone('windlass-example-')
  symlinkSync(join(ROOT, 'node_modules'), join(clone.root, 'node_modules'))
  t.after(clone.remove)
  const { PATH, HOME, TMPDIR } = process.env
  const node = (...args: string[]): string[] => ['--conditions=windlass-source', ...args]
  return { folder: join(clone.root, 'examples/first-task'), node, env: { PATH, HOME, TMPDIR, NO_COLOR: '1' } }
}

test('the example runs: workers up, a task enqueued and waited for, every command of the README answers', async (t) => {
  const { folder, node, env } = example(t)
  const main = join(folder, '../../src/cli/main.ts')
  const up = spawn(process.execPath, node(main, 'up', '--json'), {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(up, 'exit')
  t.after(async () => {
    up.kill('SIGTERM')
    await exited
  })
  await once(createInterface({ input: up.stdout }), 'line')
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, node(...args), {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  assert.match(run('main.ts'), /^created [\w-]+\nHello Ada!\n$/)
  assert.match(run('main.ts'), /^duplicate [\w-]+\nHello Ada!\n$/)
  const commands = blocksOf('README.md')
    .filter(({ lang }) => lang === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.startsWith('npx windlass ') && line !== 'npx windlass up')
  assert.ok(commands.length >= 5)
  for (const command of commands) run(main, ...wordsOf(command).slice(2))
})

/** Words of a command line that quotes with single quotes only. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
