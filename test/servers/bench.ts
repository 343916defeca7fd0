// An engine behind the proxy, and the same store reached directly beside it, in a namespace that is removed afterwards.
// Owns what the connection tests share; leaves what goes wrong, and what must be true then, to them.

import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { dropTrial, withNamespace } from '../../src/engines/namespaces.ts'
import { openEngine } from '../../src/engines/open.ts'
import { TcpProxy } from '../../src/testing/faults/proxy.ts'

export interface Bench {
  readonly proxy: TcpProxy
  /** By way of the proxy. */
  readonly engine: Engine
  /** Around the proxy, to see what became of the store. */
  readonly direct: Engine
  /** Of the engine by way of the proxy. */
  readonly url: string
}

export const CALL_TIMEOUT = 800

/** A bench on a server, gone when the test has ended. */
export async function openBench(t: TestContext, server: string): Promise<Bench> {
  const own = withNamespace(server, `trial_${randomBytes(6).toString('hex')}`)
  const direct = await openEngine(own)
  t.after(async () => {
    await direct.close()
    await dropTrial(own, { store: false })
  })
  await direct.migrate()
  const proxy = await TcpProxy.open(own)
  t.after(() => proxy.close())
  const url = proxy.through(own)
  const engine = await openEngine(url, { callTimeout: CALL_TIMEOUT })
  t.after(() => engine.close())
  return { proxy, engine, direct, url }
}
