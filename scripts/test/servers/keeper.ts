/**
 * The process that keeps test servers, so that they end when whoever wanted them does.
 *
 * Owns every server that it started. Promises that all of them and their folders are gone when its standard
 * input closes, which the system does for a runner that was killed, too. It leads a session of its own, so a
 * Ctrl-C in the terminal is for the runner alone. An installation that has begun is brought to its end.
 */
import { createInterface } from 'node:readline'
import { KINDS } from './kinds.ts'
import { Missing, supply, type Server } from './supply.ts'
import type { Ask, Started, Tell } from './wire.ts'

const servers = new Map<number, Server>()
const underWay = new Set<Promise<void>>()
let closing = false

/** The reader may be gone; then the input closes as well. */
process.stdout.on('error', () => undefined)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => process.stdin.destroy())

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const done = answer(JSON.parse(line) as Ask)
  underWay.add(done)
  void done.finally(() => underWay.delete(done))
})
process.stdin.on('close', () => void close())

async function close(): Promise<void> {
  if (closing) return
  closing = true
  await removeAll()
  await Promise.all(underWay)
  await removeAll()
  process.exit(0)
}

async function removeAll(): Promise<void> {
  await Promise.allSettled([...servers.values()].map((server) => server.remove()))
  servers.clear()
}

async function answer(ask: Ask): Promise<void> {
  try {
    tell({ id: ask.id, ok: await obey(ask) })
  } catch (error) {
    const failed = error instanceof Error ? error.message : String(error)
    tell({ id: ask.id, failed, missing: error instanceof Missing })
  }
}

async function obey(ask: Ask): Promise<Started> {
  if (ask.verb === 'start') {
    const server = await supply(KINDS[ask.kind], ask.settings, (say) => tell({ say }))
    servers.set(ask.id, server)
    return started(ask.id, server)
  }
  const server = servers.get(ask.server)
  if (server === undefined) throw new Error(`there is no server ${ask.server}`)
  if (ask.verb === 'remove') {
    await server.remove()
    servers.delete(ask.server)
    return started(ask.server, server)
  }
  if (server.instance === null) throw new Error('a server in a container cannot be ended and run again')
  if (ask.verb === 'end') await server.instance.end(ask.signal)
  else await server.instance.run()
  return started(ask.server, server)
}

function started(id: number, { url, instance }: Server): Started {
  return { server: id, url, pid: instance?.pid ?? null }
}

function tell(message: Tell): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
