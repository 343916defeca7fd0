/**
 * Looking at servers and processes from a test, without a driver.
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Sends one inline command, after the URL's password where it has one; the raw answers. */
export function askRedis(url: string, command: string): Promise<string> {
  const { hostname, port, password } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let said = ''
    socket.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
    socket.end(`${password === '' ? '' : `AUTH ${password}\r\n`}${command}\r\nQUIT\r\n`)
  })
}

/** A zombie that nobody has asked about counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isZombie(pid)
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export async function until(what: string, holds: () => boolean, within = 10_000): Promise<void> {
  const late = performance.now() + within
  while (!holds()) {
    if (performance.now() > late) throw new Error(`not within ${within} ms: ${what}`)
    await sleep(20)
  }
}
