// The program section for Supervisor (supervisord), as its own include folder and the panel of BaoTa/aaPanel take it.
// Leaves the name "supervisor" in the sense of ours, which this one starts, to src/supervisor.

import { join } from 'node:path'

import { commandArguments, headLines, type Deployment, type DeploymentFile } from './deployment.ts'

/** `NAME.conf`. */
export function supervisorFiles(deployment: Deployment): DeploymentFile[] {
  const { name, user, node, root, stopLimit, mode } = deployment
  const command = [node, ...commandArguments(deployment)].map(quoteWord).join(' ')
  const lines = [
    ...headLines(deployment, 'supervisor').map((line) => `; ${line}`),
    '',
    `[program:${name}]`,
    `command=${command}`,
    `directory=${root}`,
    `user=${user}`,
    '; One process here: it runs as many workers as the settings or the command say.',
    'numprocs=1',
    ...(mode === null ? [] : [`environment=NODE_ENV="${mode}"`]),
    'autostart=true',
    '; `windlass stop` ends with 0 and is final; everything else is started again.',
    'autorestart=unexpected',
    'exitcodes=0',
    'startsecs=3',
    'startretries=10',
    'stopsignal=TERM',
    `stopwaitsecs=${stopLimit / 1_000}`,
    '; The signal goes to the one process, which lets its workers drain. Were it killed, they would end their tasks and',
    '; be taken over by the next one.',
    'stopasgroup=false',
    'killasgroup=false',
    '; Everything that the workers say. The program keeps a file of its own in logs/, with a rotation of its own.',
    'redirect_stderr=true',
    `stdout_logfile=${join(root, 'logs', `${name}.out.log`)}`,
    'stdout_logfile_maxbytes=10MB',
    'stdout_logfile_backups=5',
  ]
  return [{ path: `${name}.conf`, text: `${lines.join('\n')}\n` }]
}

/** One word of a command line. Signs that mean more are refused before: checkPaths in ../deploy.ts. */
function quoteWord(text: string): string {
  return /\s/.test(text) ? `'${text}'` : text
}
