// The SQLite engine beside the model, each program on a file in a temp folder, which goes when the tests have run.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

import { openEngine } from '../../src/engines/open.ts'
import { modelSuite } from './model-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-model-'))
let stores = 0
after(() => rmSync(folder, { recursive: true, force: true }))

modelSuite({
  engine: 'sqlite',
  bench: {
    // Not waiting for the disk.
    open: (now) => openEngine(`sqlite:${join(folder, `${++stores}.db`)}?synchronous=normal`, { now }),
    async dispose(engine) {
      await engine.close()
      for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${stores}.db${end}`), { force: true })
    },
  },
  short: { runs: 400, within: 10_000, sees: true },
  long: 5_000,
})
