// A server that a test may kill. Where none can be had the test is skipped with the reason; where every engine has to be
// proven that is a failure.

import type { TestContext } from 'node:test'

import type { EngineKind } from '../../scripts/test/servers/kind.ts'
import { ServerFailure, Servers, type TestServer } from '../../scripts/test/servers/servers.ts'

export interface OwnServer {
  readonly kind: EngineKind
  /** In the server's own spelling. */
  readonly settings: Readonly<Record<string, string>>
}

/** Runs the test on a fresh server, which is gone when the test has ended. */
export async function startOwn(
  t: TestContext,
  { kind, settings }: OwnServer,
  judge: (server: TestServer) => Promise<void>,
): Promise<void> {
  const servers = new Servers()
  t.after(() => servers.close())
  let server: TestServer
  try {
    server = await servers.start(kind, settings)
  } catch (error) {
    const isMissing = error instanceof ServerFailure && error.missing
    if (!isMissing || process.env['WINDLASS_REQUIRE_ALL'] === '1') throw error
    return t.skip(`no ${kind} of our own to kill: ${error.message}`)
  }
  if (server.pid() === null) return t.skip('a server in a container cannot be killed here')
  return judge(server)
}
