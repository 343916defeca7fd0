// Processes of a bench: our worker program driven by messages, and the real command line in a folder of its own. All of
// them end with the work they were started for.

import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Answer, Ask } from './worker-process.ts'

const PROGRAM = fileURLToPath(new URL('./worker-process.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(ROOT, 'dist', 'cli', 'main.js')

/** Talks to one worker process; answers come in the order of the questions. */
export type Talk = (ask: Ask) => Promise<Answer>

/** Runs with a worker process whose store is open, and ends it. */
export async function withWorker<R>(
  url: string,
  concurrency: number,
  run: (talk: Talk) => Promise<R>,
): Promise<R> {
  const child = fork(PROGRAM, [url, String(concurrency)], { execArgv: ['--conditions=windlass-source'] })
  const ended = once(child, 'exit')
  const talk: Talk = async (ask) => {
    child.send(ask)
    return heard(child)
  }
  try {
    await heard(child)
    return await run(talk)
  } finally {
    if (child.connected) child.disconnect()
    await ended
  }
}

async function heard(child: ChildProcess): Promise<Answer> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the worker process of the bench ended before its time')
    }),
  ])) as [Answer]
  return message
}

const TASKS = `
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask } from 'windlass'
export const slow = defineTask({
  name: 'slow',
  run: async (_payload, { signal }) => {
    appendFileSync(new URL('./starts', import.meta.url), process.pid + ' ' + process.hrtime.bigint() / 1000000n + '\\n')
    await sleep(30_000, undefined, { signal })
  },
})
`

/** A folder with a store and a task type that runs for long, for the command line as it is shipped. */
export function preparePlace(folder: string): string {
  const config = `export default { engine: 'sqlite:store.db', tasks: ['tasks.js'] }\n`
  writeFileSync(join(folder, 'windlass.config.js'), config)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'tasks.js'), TASKS)
  return `sqlite:${join(folder, 'store.db')}`
}

/** Starts of the slow handler in that folder so far: process and monotonic time in ms. */
export function startsIn(folder: string): { readonly pid: number; readonly at: number }[] {
  const file = join(folder, 'starts')
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map(Number))
    .map(([pid = 0, at = 0]) => ({ pid, at }))
}

/** Runs with the built command line, and ends it as a user would. */
export async function withCommand<R>(
  folder: string,
  args: readonly string[],
  run: (pid: number) => Promise<R>,
): Promise<R> {
  if (!existsSync(BUILT)) throw new Error('dist is not built: npm run build')
  const { PATH, HOME, TMPDIR } = process.env
  const env = { PATH, HOME, TMPDIR, NO_COLOR: '1' }
  const child = spawn(process.execPath, [BUILT, ...args], { cwd: folder, env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  try {
    return await run(child.pid ?? 0)
  } finally {
    child.kill('SIGINT')
    setTimeout(() => child.kill('SIGINT'), 300).unref()
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
}
