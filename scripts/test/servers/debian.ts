/**
 * Installing servers from Debian's packages.
 *
 * Owns whether it may be done (root, apt-get there, not forbidden) and the two calls. Answers why it could not,
 * in one sentence; never throws. Promises that no service is started and nothing that is installed changes.
 */
import { spawn } from 'node:child_process'
import { findProgram } from './programs.ts'
import { withoutServiceStarts } from './service-starts.ts'

/** apt waits this long for another one to end; a network that is not there must not hold up the tests. */
const OPTIONS = [
  ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'],
  ['-q', '-y', '--no-install-recommends', '--no-upgrade'],
].flat()
const WITHIN = 8 * 60_000

/** Why nothing can be installed here; null: it can. */
export function whyNotInstalled(env: NodeJS.ProcessEnv): string | null {
  if (!['', '0', undefined].includes(env['WINDLASS_NO_APT'])) return 'WINDLASS_NO_APT forbids to install it'
  if (process.getuid?.() !== 0) return 'only root can install it'
  return findProgram(['apt-get']) === null ? 'there is no apt-get to install it' : null
}

/**
 * Installs these packages.
 * @returns null when they are there, else why not
 */
export async function install(packages: readonly string[]): Promise<string | null> {
  return withoutServiceStarts(async () => {
    const updated = await apt(['update', ...OPTIONS.slice(0, 6), '-q'])
    const installed = await apt(['install', ...OPTIONS, ...packages])
    if (installed === null) return null
    return `apt-get could not install it: ${installed}${updated === null ? '' : ` (apt-get update: ${updated})`}`
  })
}

/** Null: it worked; else its last complaint. */
function apt(args: readonly string[]): Promise<string | null> {
  const program = findProgram(['apt-get']) ?? 'apt-get'
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: WITHIN,
      detached: true,
    })
    let said = ''
    const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-8_000))
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(code === 0 ? null : complaint(said, code)))
  })
}

function complaint(said: string, code: number | null): string {
  const lines = said.split('\n').filter((line) => /^[EW]: /.test(line))
  return lines.find((line) => line.startsWith('E: ')) ?? lines.at(-1) ?? `it ended with ${code}`
}
