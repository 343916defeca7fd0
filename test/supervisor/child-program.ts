/** A worker process of the tests that does as its words say: see each of them below. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'

import { WorkerLink } from '../../src/supervisor/worker-link.ts'

const { WINDLASS_SUPERVISOR: path = '', WINDLASS_SUPERVISOR_TOKEN: token } = process.env
const link = WorkerLink.take()
const does = (word: string): boolean => process.argv.includes(word)

console.log('hello')
console.error('from stderr')
if (does('grandchild'))
  console.log(`grandchild ${spawn('sleep', ['60'], { stdio: 'inherit' }).pid ?? 'did not start'}`)

const flag = process.argv.find((word) => word.startsWith('fail-if:'))?.slice('fail-if:'.length)
if (does('fail') || (flag !== undefined && existsSync(flag))) {
  console.error('cannot start')
  process.exit(7)
}

if (does('brief')) {
  // Dies in the moment in which it has told its session.
  const worker = { token, pid: process.pid, ready: false, session: 'brief', vitals: null }
  const socket = connect(path, () => {
    socket.write(`${JSON.stringify({ worker })}\n`, () => process.kill(process.pid, 'SIGKILL'))
  })
} else {
  process.on('SIGTERM', () => {
    if (does('slow')) setTimeout(() => process.exit(0), 300)
    else if (!does('stubborn')) process.exit(0)
  })
  link?.onAdopted(() => link.line('still here'))
  link?.onRelease(() => {
    if (!does('stubborn')) process.exit(0)
  })
  link?.tell({ session: `session-of-${process.pid}`, ready: true })
  if (does('deaf')) setTimeout(() => process.exit(6), 30)
  setInterval(() => {}, 1000)
}
