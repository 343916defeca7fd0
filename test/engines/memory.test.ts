// The memory engine against the conformance suite. Connections to one store are engines over one MemoryStore.

import { MemoryStore, openMemory, type EngineFactory } from '../../src/testing/index.ts'
import { runConformance } from './run-conformance.ts'

const PROCESS_ONLY = 'a memory store lives in one process'

const memory: EngineFactory = {
  name: 'memory',
  cannot: { spawnMigrators: PROCESS_ONLY, makeNewer: `${PROCESS_ONLY}, of one version` },
  open: async ({ now, changesKept }) => {
    const store = new MemoryStore(changesKept === undefined ? {} : { changesKept })
    const connections = [openMemory({ now }, store)]
    const [engine] = connections
    if (engine === undefined) throw new Error('unreachable')
    return {
      engine,
      reopen: async () => {
        const another = openMemory({ now }, store)
        connections.push(another)
        return another
      },
      forgetSession: async (session) => {
        store.sessions.delete(session)
      },
      destroy: async () => {
        await Promise.all(connections.map((connection) => connection.close()))
      },
    }
  },
}

runConformance(memory)
