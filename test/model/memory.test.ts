// The memory engine beside the model.

import { openMemory } from '../../src/engines/memory/engine.ts'
import { modelSuite } from './model-suite.ts'

modelSuite({
  engine: 'memory',
  bench: {
    open: (now) => Promise.resolve(openMemory({ now })),
    dispose: (engine) => engine.close(),
  },
  short: { runs: 1_500, within: 8_000, sees: true },
  long: 20_000,
})
