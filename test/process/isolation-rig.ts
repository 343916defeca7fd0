/**
 * A worker in this process whose children are real: a memory engine, so that what is tested is isolation alone.
 *
 * Waits for events with deadlines instead of sleeping, and leaves no child behind whatever the test did.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../src/base/log.ts'
import type { NewTask } from '../../src/core/hot-verbs.ts'
import type { AttemptRecord, TaskRecord } from '../../src/core/record.ts'
import { openMemory, type MemoryEngine } from '../../src/engines/memory/engine.ts'
import { newTask } from '../../src/testing/samples.ts'
import { Worker, type WorkerOptions } from '../../src/worker/worker.ts'
import { all, followed, single, suspect, twice } from './fixtures/isolated/tasks.ts'

const ROOT = fileURLToPath(new URL('./fixtures/isolated/', import.meta.url))
const TYPES = [...all, single, twice, followed, suspect]

export class IsolationRig {
  readonly engine: MemoryEngine = openMemory()
  readonly lines: Record<string, unknown>[] = []
  readonly worker: Worker

  constructor(options: Partial<WorkerOptions>, fits: RegExp) {
    const types = TYPES.filter(({ name }) => fits.test(name))
    const destination = {
      write: (text: string) => this.lines.push(JSON.parse(text) as Record<string, unknown>),
    }
    this.worker = new Worker({
      engine: this.engine,
      types,
      queues: ['default'],
      grace: '300ms',
      neighbours: false,
      log: createLog({ level: 'info', json: true, destination }),
      isolation: {
        source: { config: null, tasks: ['tasks.ts'], root: ROOT },
        known: types.map(({ name }) => name),
        lacks: null,
      },
      ...options,
    })
  }

  async enqueue(type: string, payload: object = {}, more: Partial<NewTask> = {}): Promise<string> {
    const once = { kind: 'fixed', retries: 0, delay: 0 } as const
    const task = newTask({ type, payload: JSON.stringify(payload), queue: 'default', retry: once, ...more })
    await this.engine.enqueue([task])
    return task.id
  }

  async get(id: string): Promise<TaskRecord> {
    const [task] = await this.engine.records.get([id])
    assert.ok(task)
    return task
  }

  async attempts(id: string): Promise<readonly AttemptRecord[]> {
    const [attempts] = await this.engine.journal.attempts([id])
    return attempts ?? []
  }

  /** Looks at the task until it fits; answers it as it was then. */
  async becomes(id: string, fits: (task: TaskRecord) => boolean, ms = 10_000): Promise<TaskRecord> {
    for (const end = performance.now() + ms; ;) {
      const task = await this.get(id)
      if (fits(task)) return task
      assert.ok(performance.now() < end, `the task is still ${JSON.stringify(task)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  final(id: string): Promise<TaskRecord> {
    return this.becomes(id, ({ state }) => ['succeeded', 'dead', 'cancelled'].includes(state))
  }

  /** Runs one task to its end. */
  async run(type: string, payload: object = {}, more: Partial<NewTask> = {}): Promise<TaskRecord> {
    return this.final(await this.enqueue(type, payload, more))
  }

  /** What the handler said of itself in its progress. */
  async said(id: string): Promise<string> {
    const task = await this.becomes(id, ({ progress }) => progress !== null)
    return task.progress?.message ?? ''
  }
}

/** A worker makes one child ahead for each kind of its types: those with a memory limit are asked for where needed. */
const PLAIN = /^(?!.*-(heap|buffers)$)(?!thread)/

/** A started rig, ended with its children when the test ends. */
export async function createIsolation(
  t: { after(run: () => Promise<void>): void },
  options: Partial<WorkerOptions> = {},
  fits = PLAIN,
): Promise<IsolationRig> {
  const rig = new IsolationRig(options, fits)
  t.after(async () => {
    await rig.worker.stop({ drain: 0 })
    await rig.engine.close()
  })
  await rig.engine.migrate()
  await rig.worker.start()
  return rig
}

/** True while the process runs; a corpse that nobody has buried does not. */
export function lives(pid: number): boolean {
  try {
    if (process.platform === 'linux')
      return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Waits until the process is gone. */
export async function gone(pid: number, ms = 3_000): Promise<void> {
  for (const end = performance.now() + ms; lives(pid);) {
    assert.ok(performance.now() < end, `process ${pid} still lives`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
