// A server that a test may set up as it likes, and kill. Where none can be had the test is skipped with the reason;
// where every engine has to be proven (WINDLASS_REQUIRE_ALL=1) that is a failure.

import type { TestContext } from 'node:test'

import type { KindName } from '../../scripts/test/servers/kind.ts'
import { ServerFailure, Servers, type TestServer } from '../../scripts/test/servers/servers.ts'

export interface OwnServer {
  readonly kind: KindName
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
  try {
    const server = await servers.start(kind, settings)
    // Those of compose.yaml take no settings and cannot be killed.
    if (server.pid() === null) throw new ServerFailure('a server in a container is not ours alone', true)
    return await judge(server)
  } catch (error) {
    const isMissing = error instanceof ServerFailure && error.missing
    if (!isMissing || process.env['WINDLASS_REQUIRE_ALL'] === '1') throw error
    t.skip(`NOT PROVEN HERE: ${kind} (${error.message})`)
  }
}
