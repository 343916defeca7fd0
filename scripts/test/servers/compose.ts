/**
 * Servers from `docker compose`, where neither the machine nor Debian has them.
 *
 * One project a server, on a port that docker chooses. Answers null where no docker answers. Leaves the images
 * to compose.yaml.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Kind, KindName } from './kind.ts'

const FILE = fileURLToPath(new URL('compose.yaml', import.meta.url))
const PORTS: Readonly<Partial<Record<KindName, number>>> = { postgres: 5_432, mysql: 3_306, redis: 6_379 }
const run = promisify(execFile)

export interface Composed {
  readonly url: string
  remove(): Promise<void>
}

/** A server of this kind; null: no docker answers, or it could not. */
export async function compose(kind: Kind): Promise<Composed | null> {
  const inside = PORTS[kind.name]
  if (inside === undefined) return null
  const password = randomBytes(12).toString('hex')
  const project = `windlass-test-${randomBytes(4).toString('hex')}`
  const docker = async (args: readonly string[]): Promise<string> => {
    const env = { ...process.env, WINDLASS_PASSWORD: password }
    const { stdout } = await run('docker', ['compose', '-p', project, '-f', FILE, ...args], { env })
    return stdout
  }
  const remove = async (): Promise<void> => {
    await docker(['down', '--volumes', '--timeout', '1']).catch(() => undefined)
  }
  try {
    await run('docker', ['version'], { timeout: 10_000 })
    await docker(['up', '--detach', '--wait', kind.name])
    const told = await docker(['port', kind.name, String(inside)])
    return { url: kind.url({ port: Number(told.trim().split(':').at(-1)), password }), remove }
  } catch {
    await remove()
    return null
  }
}
