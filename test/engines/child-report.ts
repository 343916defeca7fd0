// A program of the tests run as a process of its own, which prints what it found as JSON. Promises that one that fails
// says why: the error carries its exit and all that it wrote to stderr.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs a program from its source; answers what it printed.
 * @throws Error where it ends otherwise than with 0, or prints no JSON
 */
export function reportOf(program: URL, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const file = fileURLToPath(program)
    const child = spawn(process.execPath, ['--conditions=windlass-source', file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      try {
        if (code !== 0) throw new Error('it failed')
        resolve(JSON.parse(output))
      } catch {
        reject(new Error(`${file} ended with ${signal ?? code}: ${complaint || output || 'it said nothing'}`))
      }
    })
  })
}
