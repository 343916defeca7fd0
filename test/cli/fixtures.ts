/**
 * The configs and task types that the tests of the command line run.
 *
 * Owns small handlers with one behaviour each. The files import `windlass` as a user's would.
 */

const TASKS = `
import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask, Fatal } from 'windlass'

const schema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && typeof value.n === 'number'
        ? { value }
        : { issues: [{ message: 'must be a number', path: ['n'] }] },
  },
}

export const echo = defineTask({ name: 'echo', run: (payload) => ({ echo: payload ?? null }) })
export const strict = defineTask({ name: 'strict', queue: 'numbers', input: schema, run: ({ n }) => n * 2 })
export const fail = defineTask({
  name: 'fail',
  run: () => {
    throw new Fatal('this handler always fails', { cause: new Error('the deeper reason') })
  },
})
export const slow = defineTask({
  name: 'slow',
  run: async ({ ms }, ctx) => {
    ctx.progress(40, 'half way')
    console.log('slow begins ' + ctx.id)
    await sleep(ms, undefined, { signal: ctx.signal })
    return { attempt: ctx.attempt }
  },
})
export const pid = defineTask({ name: 'pid', run: () => process.pid })
`

/** A config with every task type, on a SQLite file beside it. */
export const FILES: Readonly<Record<string, string>> = {
  'windlass.config.ts': `
    import { defineConfig } from 'windlass'
    export default defineConfig({ engine: 'sqlite:windlass.db', tasks: ['tasks.ts'] })`,
  'tasks.ts': TASKS,
}

/** A config that knows no task type, on a SQLite file beside it. */
export const BARE: Readonly<Record<string, string>> = {
  'windlass.config.yaml': 'engine: sqlite:windlass.db\n',
}
