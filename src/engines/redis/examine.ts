// What a Redis or Valkey server tells of itself to whoever looks for illness: version, clients, memory.
// Asks INFO only, which managed servers allow, too.

import { plainFacts, type EngineFacts } from '../../core/engine-facts.ts'
import type { Link } from './link.ts'
import { OLDEST, readServer } from './server.ts'

/** Asks the server. */
export async function examine(link: Link): Promise<EngineFacts> {
  const { name, version } = await readServer(link)
  const [clients, memory] = [await readInfo(link, 'clients'), await readInfo(link, 'memory')]
  const limit = Number(memory.get('maxmemory') ?? '0')
  return {
    ...plainFacts(name, version, OLDEST[name].join('.')),
    connections: clients.has('maxclients')
      ? {
          used: Number(clients.get('connected_clients') ?? '0'),
          limit: Number(clients.get('maxclients')),
        }
      : null,
    memory: {
      used: Number(memory.get('used_memory') ?? '0'),
      limit: limit === 0 ? null : limit,
      eviction: memory.get('maxmemory_policy') ?? 'noeviction',
    },
  }
}

async function readInfo(link: Link, section: string): Promise<ReadonlyMap<string, string>> {
  const text = String(await link.command('INFO', section))
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(':')
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
}
