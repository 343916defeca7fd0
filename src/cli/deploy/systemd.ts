// The systemd unit. Every line that is not plain has its reason beside it, in the file itself: operators edit it.
// Leaves talking to systemd while the service runs to src/supervisor/service-notice.ts.

import { commandArguments, headLines, type Deployment, type DeploymentFile } from './deployment.ts'

/** `NAME.service`. */
export function systemdFiles(deployment: Deployment): DeploymentFile[] {
  const { name, user, node, root, stopLimit, mode } = deployment
  const command = [node, ...commandArguments(deployment)].map(quoteWord).join(' ')
  const lines = [
    ...headLines(deployment, 'systemd').map((line) => `# ${line}`),
    '',
    '[Unit]',
    `Description=Windlass workers (${name})`,
    'Wants=network-online.target',
    'After=network-online.target postgresql.service mariadb.service mysql.service redis-server.service redis.service',
    '',
    '[Service]',
    '# Started when every worker takes work. `systemd-notify`, a child, speaks for the service: hence all.',
    'Type=notify',
    'NotifyAccess=all',
    `User=${user}`,
    `WorkingDirectory=${root}`,
    '# `.env` of that folder is read by the program itself, which knows quotes and comments in it. What stands in the',
    '# file below goes before it, and only root has to be able to read it.',
    `EnvironmentFile=-/etc/default/${name}`,
    ...(mode === null ? [] : [`Environment=${quoteWord(`NODE_ENV=${mode}`)}`]),
    `ExecStart=${command}`,
    '# A rolling restart with the new config; an invalid one leaves the old workers running.',
    'ExecReload=/bin/kill -HUP $MAINPID',
    '',
    '# SIGTERM to the supervisor alone: it lets its workers drain, and threads and processes of tasks go on until their',
    '# task has ended. What is left at the limit, or after the supervisor was killed, is killed; its tasks run again.',
    'KillMode=mixed',
    `TimeoutStopSec=${stopLimit / 1_000}`,
    'TimeoutStartSec=180',
    '# `windlass stop` and `systemctl stop` end with 0 and are final; a wrong command line or config (2) stays wrong.',
    'Restart=on-failure',
    'RestartSec=2',
    'RestartPreventExitStatus=2',
    '# For an event loop that stands still. Handlers cannot block it: they run in other processes.',
    'WatchdogSec=60',
    '# One worker that ran out of memory is for the supervisor to replace; the others go on.',
    'OOMPolicy=continue',
    '',
    '# What tasks seldom need. Not here: PrivateTmp, behind which `windlass status` may not see the control socket, and',
    '# MemoryDenyWriteExecute, with which no JavaScript runs. Where tasks write to this folder alone, add',
    `# ProtectSystem=strict and ReadWritePaths=${root}.`,
    'NoNewPrivileges=true',
    'ProtectSystem=full',
    'ProtectControlGroups=true',
    'ProtectHostname=true',
    'ProtectKernelLogs=true',
    'ProtectKernelModules=true',
    'ProtectKernelTunables=true',
    'RestrictRealtime=true',
    'RestrictSUIDSGID=true',
    'LockPersonality=true',
    'SystemCallArchitectures=native',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ]
  return [{ path: `${name}.service`, text: `${lines.join('\n')}\n` }]
}

/** One word of a command line. Signs that mean more are refused before: checkPaths in ../deploy.ts. */
function quoteWord(text: string): string {
  return /\s/.test(text) ? `"${text}"` : text
}
