// What is measured: engines of ours, each on a new store in a temp folder, and the bare loop as a yardstick.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Engine } from '../src/core/engine.ts'
import { openEngine } from '../src/engines/open.ts'

/** An engine that can be measured. */
export interface Subject {
  readonly name: string
  readonly open: (folder: string) => Promise<Engine>
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'memory', open: () => openEngine('memory:') },
  { name: 'sqlite', open: (folder) => openEngine(`sqlite:${join(folder, 'store.db')}`) },
  {
    name: 'sqlite-normal',
    open: (folder) => openEngine(`sqlite:${join(folder, 'store.db')}?synchronous=normal`),
  },
]

/** Runs with a new, migrated store of an engine, and removes it. */
export async function withEngine<R>(subject: Subject, run: (engine: Engine) => Promise<R>): Promise<R> {
  return withFolder(async (folder) => {
    const engine = await subject.open(folder)
    try {
      await engine.migrate()
      return await run(engine)
    } finally {
      await engine.close()
    }
  })
}

/** Runs with a temp folder, and removes it. */
export async function withFolder<R>(run: (folder: string) => Promise<R> | R): Promise<R> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-'))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
