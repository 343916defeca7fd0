// The examples in deploy/: what `windlass deploy` writes for a project in /srv/app.

import { composeFiles } from '../src/cli/deploy/compose.ts'
import type { Deployment } from '../src/cli/deploy/deployment.ts'
import { pm2Files } from '../src/cli/deploy/pm2.ts'
import { supervisorFiles } from '../src/cli/deploy/supervisor-program.ts'
import { systemdFiles } from '../src/cli/deploy/systemd.ts'
import { stopLimitFor } from '../src/cli/stop-limit.ts'
import { DEFAULTS } from '../src/core/limits.ts'

/** Path (from the root) and text of every generated example. */
export function deploymentExamples(nodeVersion: string): Readonly<Record<string, string>> {
  const base: Deployment = {
    name: 'windlass-worker',
    named: false,
    user: 'windlass',
    node: '/usr/bin/node',
    nodeVersion,
    program: '/srv/app/node_modules/windlass/bin/windlass.js',
    root: '/srv/app',
    config: null,
    workers: null,
    verb: 'start',
    stopLimit: stopLimitFor(DEFAULTS.drain),
    mode: 'production',
  }
  const files = [
    ...systemdFiles({ ...base, name: 'invoice-worker', named: true }),
    ...supervisorFiles({ ...base, name: 'rq-worker', named: true }),
    ...pm2Files({ ...base, name: 'rq-worker', named: true }),
    ...composeFiles(base),
  ]
  return Object.fromEntries(files.map(({ path, text }) => [`deploy/${path}`, text]))
}
