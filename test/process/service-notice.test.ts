/** The command of the systemd unit under a real notify socket: what systemd would hear from its start to its end. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'

import { systemdFiles } from '../../src/cli/deploy/systemd.ts'
import { Place } from '../cli/launch.ts'

/** Node cannot open such a socket, Perl is on every Debian. Prints each message on a line; ends by itself. */
const LISTENER = `
use IO::Socket::UNIX; use Socket; $| = 1; alarm 90;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
print "listening\\n";
while (defined $s->recv(my $m, 4096)) { $m =~ s/\\n/ /g; print "$m\\n" }
`

const missing = ['systemd-notify', 'perl'].filter((one) => spawnSync(one, ['--version']).error !== undefined)

/** What arrives at a socket, and a promise of the first message that fits. */
async function listen(t: TestContext, socket: string) {
  const heard: string[] = []
  const perl = spawn('perl', ['-e', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => perl.kill('SIGKILL'))
  const lines = createInterface({ input: perl.stdout })
  lines.on('line', (line) => heard.push(line))
  const hears = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = heard.find((line) => pattern.test(line))
        if (found !== undefined) resolve(found)
      }
      lines.on('line', look)
      lines.on('close', () => reject(new Error(`only this was heard:\n${heard.join('\n')}`)))
      look()
    })
  await hears(/^listening$/)
  return { heard, hears }
}

test(
  'a unit is ready when its workers are, shows that it lives, and says that it stops',
  { skip: missing.length > 0 && `NOT PROVEN HERE: systemd’s messages (missing: ${missing.join(', ')})` },
  async (t) => {
    const place = new Place(t)
    const socket = join(place.folder, 'notify')
    const { heard, hears } = await listen(t, socket)
    const running = place.start(argumentsOfUnit(place.folder), {
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: '400000',
    })
    await hears(/^READY=1 STATUS=1 of 1 workers take work, 0 tasks run/)
    await hears(/^WATCHDOG=1/)
    const worker = await running.until(({ stdout }) => /worker-1.*pid=(\d+)/.exec(stdout)?.[1])
    assert.equal(/NOTIFY_SOCKET|WATCHDOG/.test(readFileSync(`/proc/${worker}/environ`, 'latin1')), false)
    running.signal('SIGTERM')
    const { code, stderr } = await running.ended
    assert.equal(code, 0, stderr)
    await hears(/^STOPPING=1 EXTEND_TIMEOUT_USEC=330000000 STATUS=stopping/)
    assert.equal(heard.filter((line) => line.startsWith('READY')).length, 1)
  },
)

/** What ExecStart says after Node and the program. */
function argumentsOfUnit(root: string): string[] {
  const [unit] = systemdFiles({
    name: 'invoice-worker',
    named: true,
    user: 'nobody',
    node: process.execPath,
    nodeVersion: '',
    program: '/windlass.js',
    root,
    config: null,
    workers: 1,
    verb: 'start',
    stopLimit: 330_000,
    mode: null,
  })
  const [, ...args] = /^ExecStart=\S+ (.*)$/m.exec(unit?.text ?? '')?.[1]?.split(' ') ?? []
  return args
}
