// What holds of every engine that reaches its server over TLS: with a certificate that is trusted and names the server it
// works as ever; with any other, and where the server offers no TLS, it is refused in words that say so.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

import { WindlassError } from '../../src/core/errors.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newTask } from '../../src/testing/index.ts'

/** Why certificates cannot be made here; false: they can. Where everything has to be proven they must be. */
export const withoutCertificates: string | false =
  process.env['WINDLASS_REQUIRE_ALL'] !== '1' &&
  spawnSync('openssl', ['version']).status !== 0 &&
  'NOT PROVEN HERE: TLS (no openssl)'

/** The same store at another place, reached in another way. */
export function reached(
  url: string,
  { host = 'localhost', port, ...parameters }: Readonly<Record<string, string>>,
): string {
  const other = new URL(url)
  other.hostname = host
  if (port !== undefined) other.port = port
  for (const [key, value] of Object.entries(parameters)) other.searchParams.set(key, value)
  return other.href
}

/** Trusts one more authority in this process, as NODE_EXTRA_CA_CERTS does. */
export function trust(authority: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(authority, 'utf8')])
}

/** The store opens and takes a task. */
export async function assertWorks(url: string): Promise<void> {
  const engine = await openEngine(url)
  try {
    await engine.migrate()
    const [reply] = await engine.enqueue([newTask()])
    assert.equal(reply?.outcome, 'created')
  } finally {
    await engine.close()
  }
}

/** The store does not open, and the error says why without the password. */
export async function assertRefused(url: string, why: RegExp): Promise<void> {
  const refused: unknown = await openEngine(url).then(
    (engine) => engine.close(),
    (error: unknown) => error,
  )
  assert.ok(refused instanceof WindlassError, `not refused: ${String(refused)}`)
  assert.deepEqual([refused.code, refused.applied], ['engine_unreachable', 'no'])
  assert.match(refused.message, why)
  const { password } = new URL(url)
  for (const text of [refused.message, refused.hint, String(refused.cause)])
    assert.ok(!text.includes(password), 'the password is told')
}
