// The list of all verbs, in the order of the help. One file each; none is loaded before it is asked for.

import type { VerbEntry } from './cli.ts'

export const VERBS: readonly VerbEntry[] = [
  {
    name: 'up',
    summary: 'start worker processes and a scheduler, and keep them alive',
    load: () => import('./up.ts'),
  },
  {
    name: 'start',
    summary: 'start worker processes and keep them alive; schedules are fired by up or scheduler',
    load: () => import('./start.ts'),
  },
  { name: 'status', summary: 'show the supervisor and its workers', load: () => import('./status.ts') },
  { name: 'scale', summary: 'change the number of workers', load: () => import('./scale.ts') },
  {
    name: 'restart',
    summary: 'renew the workers one by one, none missing meanwhile',
    load: () => import('./restart.ts'),
  },
  { name: 'stop', summary: 'let the workers end their tasks, and end', load: () => import('./stop.ts') },
  { name: 'worker', summary: 'run one worker in the foreground', load: () => import('./worker.ts') },
  { name: 'workers', summary: 'list live workers and what they run', load: () => import('./workers.ts') },
  { name: 'logs', summary: 'show the last lines of the log file', load: () => import('./logs.ts') },
  {
    name: 'follow',
    summary: 'show the log file, and go on as lines come',
    load: () => import('./follow.ts'),
  },
  { name: 'enqueue', summary: 'enqueue a task, or many', load: () => import('./enqueue.ts') },
  { name: 'get', summary: 'show a task', load: () => import('./get.ts') },
  { name: 'wait', summary: 'wait until a task is finished', load: () => import('./wait.ts') },
  { name: 'list', summary: 'find tasks', load: () => import('./list.ts') },
  { name: 'cancel', summary: 'cancel a task or many, also running ones', load: () => import('./cancel.ts') },
  { name: 'retry', summary: 'run dead or cancelled tasks again', load: () => import('./retry.ts') },
  { name: 'delete', summary: 'delete finished tasks', load: () => import('./delete.ts') },
  { name: 'why', summary: 'say why a task is not running', load: () => import('./why.ts') },
  { name: 'stats', summary: 'count tasks per queue', load: () => import('./stats.ts') },
  { name: 'queue', summary: 'list, pause, resume or clear queues', load: () => import('./queue.ts') },
  {
    name: 'schedule',
    summary: 'put, look at, pause, run and remove schedules',
    load: () => import('./schedule.ts'),
  },
  {
    name: 'scheduler',
    summary: 'fire the ticks of schedules in the foreground',
    load: () => import('./scheduler.ts'),
  },
  {
    name: 'alerts',
    summary: 'show which alerts fire, and what was told',
    load: () => import('./alerts.ts'),
  },
  { name: 'doctor', summary: 'find what is wrong, and what mends it', load: () => import('./doctor.ts') },
  {
    name: 'selftest',
    summary: 'try the configured system with tasks of its own',
    load: () => import('./selftest.ts'),
  },
  {
    name: 'drill',
    summary: 'kill a worker on purpose, and measure what becomes of its tasks',
    load: () => import('./drill.ts'),
  },
  { name: 'sweep', summary: 'do the upkeep of the store once, by hand', load: () => import('./sweep.ts') },
  {
    name: 'backup',
    summary: 'copy the store to a file while workers run',
    load: () => import('./backup.ts'),
  },
  { name: 'restore', summary: 'put a backup in the place of the store', load: () => import('./restore.ts') },
  {
    name: 'deploy',
    summary: 'write files for systemd, Supervisor, PM2 or Docker Compose',
    load: () => import('./deploy.ts'),
  },
  { name: 'config', summary: 'show each setting and where it comes from', load: () => import('./config.ts') },
  {
    name: 'explain',
    summary: 'explain an error code or the reason of a task',
    load: () => import('./explain.ts'),
  },
  { name: 'completion', summary: 'print completion for a shell', load: () => import('./completion.ts') },
  { name: 'migrate', summary: 'create or upgrade the store', load: () => import('./migrate.ts') },
]
