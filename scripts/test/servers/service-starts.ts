/**
 * Keeps packages from starting their services while they are installed.
 *
 * Debian asks /usr/sbin/policy-rc.d before it starts a service. Promises that what was there is put back,
 * also what a run that was killed meanwhile has left. Leaves who may install at all to debian.ts.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const POLICY = '/usr/sbin/policy-rc.d'
const MARK = '# windlass: no service starts while test servers are installed, by process'
const FORBIDDEN = 101

/** Runs `work` while no service starts. */
export async function withoutServiceStarts<T>(work: () => Promise<T>, policy = POLICY): Promise<T> {
  putBack(policy)
  if (forbids(policy)) return work()
  if (existsSync(policy)) renameSync(policy, before(policy))
  writeFileSync(policy, `#!/bin/sh\n${MARK} ${process.pid}\nexit ${FORBIDDEN}\n`, { mode: 0o755 })
  try {
    return await work()
  } finally {
    putBack(policy)
  }
}

/** The file of a run that still lives stays: it forbids what we would forbid, too. */
function putBack(policy: string): void {
  const text = existsSync(policy) ? readFileSync(policy, 'utf8') : ''
  const owner = Number(new RegExp(`${MARK} (\\d+)`).exec(text)?.[1] ?? '0')
  if (owner === 0 || (owner !== process.pid && lives(owner))) return
  rmSync(policy)
  if (existsSync(before(policy))) renameSync(before(policy), policy)
}

function before(policy: string): string {
  return `${policy}.before-windlass`
}

function forbids(policy: string): boolean {
  return existsSync(policy) && spawnSync(policy, ['windlass', 'start']).status === FORBIDDEN
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
