// The ecosystem file for PM2. A .cjs, so that it is read in projects of ES modules as well.

import { join } from 'node:path'

import { commandArguments, headLines, type Deployment, type DeploymentFile } from './deployment.ts'

/** `ecosystem.config.cjs`. */
export function pm2Files(deployment: Deployment): DeploymentFile[] {
  const { name, node, root, stopLimit, mode } = deployment
  const [program = '', ...args] = commandArguments(deployment)
  const log = join(root, 'logs', `${name}.out.log`)
  const js = (value: unknown): string => JSON.stringify(value)
  const lines = [
    ...headLines(deployment, 'pm2').map((line) => `// ${line}`),
    'module.exports = {',
    '  apps: [',
    '    {',
    `      name: ${js(name)},`,
    `      cwd: ${js(root)},`,
    `      interpreter: ${js(node)},`,
    `      script: ${js(program)},`,
    `      args: [${args.map(js).join(', ')}],`,
    ...(mode === null ? [] : [`      env: { NODE_ENV: ${js(mode)} },`]),
    '      // One process, not a cluster of it: it runs as many workers as the settings or the command say.',
    `      exec_mode: 'fork',`,
    '      instances: 1,',
    '      // SIGINT to this process alone: it lets its workers drain.',
    '      treekill: false,',
    `      kill_timeout: ${stopLimit},`,
    '      autorestart: true,',
    '      // `windlass stop` ends with 0 and is final.',
    '      stop_exit_codes: [0],',
    '      exp_backoff_restart_delay: 1000,',
    `      out_file: ${js(log)},`,
    `      error_file: ${js(log)},`,
    '      merge_logs: true,',
    '      watch: false,',
    '    },',
    '  ],',
    '}',
  ]
  return [{ path: 'ecosystem.config.cjs', text: `${lines.join('\n')}\n` }]
}
