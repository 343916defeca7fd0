// `windlass deploy systemd|supervisor|pm2|compose`: files with which something else keeps this project's workers running.
// Promises that a stop limit fits the drain time, that nothing is overwritten unasked, and that no secret is in a file.
// Leaves what the files say to deploy/, and installing them to whoever may: the answer says how.

import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Argument, type Command } from 'commander'

import type { Settings } from '../config/settings.ts'
import { formatDuration, show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { composeFiles } from './deploy/compose.ts'
import type { Deployment, DeploymentFile } from './deploy/deployment.ts'
import { pm2Files } from './deploy/pm2.ts'
import { supervisorFiles } from './deploy/supervisor-program.ts'
import { systemdFiles } from './deploy/systemd.ts'
import { openWindlass } from './open.ts'
import { stopLimitFor } from './stop-limit.ts'
import { readSeconds, readWhole } from './values.ts'

const TARGETS = { systemd: systemdFiles, supervisor: supervisorFiles, pm2: pm2Files, compose: composeFiles }

type Target = keyof typeof TARGETS

interface Flags {
  readonly name?: string
  readonly user?: string
  readonly workers?: string
  readonly schedules?: true
  readonly stopLimit?: string
  readonly output?: string
  readonly print?: true
  readonly force?: true
}

/** Used by the unit, the program and the project where no name is given. */
const NAME = 'windlass-worker'

/** Our command as it was installed; two folders above in the sources and in dist alike. */
const PROGRAM = fileURLToPath(new URL('../../bin/windlass.js', import.meta.url))

export function define(command: Command, cli: Cli): void {
  command
    .addArgument(new Argument('<target>', 'what keeps the workers running').choices(Object.keys(TARGETS)))
    .option('-n, --name <name>', 'name of the service and of its workers')
    .option('--user <user>', 'account that it runs under (default: this one)')
    .option('--workers <n>', 'worker processes; for compose: containers of the service worker')
    .option('--schedules', 'fire schedules as well')
    .option('--stop-limit <time>', 'how long a stop may take (default: as long as running tasks may)')
    .option('--output <dir>', 'folder to write to (default: this one)')
    .option('--print', 'write no file, print what would be in it')
    .option('--force', 'replace files that exist')
    .action((target: Target, flags: Flags) => deploy(cli, target, flags))
}

async function deploy(cli: Cli, target: Target, flags: Flags): Promise<void> {
  refuseEngine(cli)
  const { settings } = await openWindlass(cli)
  const deployment = readDeployment(cli, settings, target, flags)
  const files = TARGETS[target](deployment)
  if (flags.print === true) {
    cli.out.answer({ files }, () => files.map(printed).join('\n'))
    return
  }
  const folder = resolve(flags.output ?? '.')
  const paths = files.map(({ path }) => join(folder, path))
  writeAll(files, folder, flags.force === true)
  // Both open their log before the program that would make its folder.
  if (target === 'supervisor' || target === 'pm2')
    mkdirSync(join(deployment.root, 'logs'), { recursive: true })
  cli.out.answer({ files: paths }, () =>
    [...paths, '', nextSteps(cli, target, deployment, paths[0] ?? '')].join('\n'),
  )
  if (isFleeting(deployment)) cli.out.note(cli.out.say('deploy.fleeting', { path: deployment.program }))
  if (settings.schedules !== null && deployment.verb === 'start' && target !== 'compose')
    cli.out.note(cli.out.say('deploy.schedules'))
}

/** Its URL may hold a password, and everybody may read what is written here. */
function refuseEngine(cli: Cli): void {
  if (cli.globals.engine === null) return
  throw new WindlassError('invalid_option', 'deploy writes no engine into its files', {
    hint: 'Put WINDLASS_ENGINE into .env, or the engine into the config.',
  })
}

function readDeployment(cli: Cli, settings: Settings, target: Target, flags: Flags): Deployment {
  const named = flags.name !== undefined
  // Whoever named the config for this call means it for the service, too.
  const config = cli.globals.config ?? process.env['WINDLASS_CONFIG'] ?? ''
  const deployment: Deployment = {
    name: readName(flags.name ?? NAME, target),
    named,
    user: readUser(flags.user ?? userInfo().username),
    node: process.execPath,
    nodeVersion: process.versions.node,
    program: programIn(settings.root),
    root: settings.root,
    config: config === '' ? null : settings.file,
    workers: flags.workers === undefined ? null : readWhole(flags.workers, '--workers', 1, 1_000),
    verb: flags.schedules === true ? 'up' : 'start',
    stopLimit: readStopLimit(flags.stopLimit, settings.worker.drain),
    mode: readMode(process.env['NODE_ENV'] ?? ''),
  }
  if (target !== 'compose') checkPaths(deployment)
  return deployment
}

/** By the project's own link, where it leads here: the folder behind it may be named after the version. */
function programIn(root: string): string {
  const linked = join(root, 'node_modules', 'windlass', 'bin', 'windlass.js')
  return existsSync(linked) && realpathSync(linked) === PROGRAM ? linked : PROGRAM
}

function readName(name: string, target: Target): string {
  const [fits, rule] =
    target === 'compose'
      ? [/^[a-z0-9][a-z0-9_-]{0,62}$/, 'small letters, digits, - and _']
      : [/^[A-Za-z0-9][\w.-]{0,62}$/, 'letters, digits, -, _ and .']
  if (fits.test(name)) return name
  throw new WindlassError('invalid_option', `--name takes up to 63 ${rule}, not ${show(name)}`)
}

function readUser(user: string): string {
  if (/^[A-Za-z_][\w.-]{0,31}$/.test(user)) return user
  throw new WindlassError('invalid_option', `--user takes the name of an account, not ${show(user)}`)
}

/** What counts for this call counts for the service: it may choose the config file. */
function readMode(mode: string): string | null {
  if (mode === '') return null
  if (/^[\w.-]+$/.test(mode)) return mode
  throw new WindlassError('invalid_option', `NODE_ENV is a plain word, not ${show(mode)}`)
}

/** A limit that cuts tasks off would break the promise that a stop costs them nothing. */
function readStopLimit(value: string | undefined, drain: number): number {
  const least = stopLimitFor(drain)
  const limit = value === undefined ? least : Math.ceil(readSeconds(value, '--stop-limit') / 1_000) * 1_000
  if (limit >= least) return limit
  const text = `--stop-limit ${formatDuration(limit)} is too short: tasks may run on for ${formatDuration(drain)}, so ${formatDuration(least)} are needed`
  throw new WindlassError('invalid_option', text, { hint: 'Give more, or lower WORKER_MAX_SHUTDOWN_WAIT.' })
}

/**
 * Three formats with three ways to quote (Supervisor expands `%` twice in some lines): what one of them would take for
 * more than a letter is refused for all.
 */
function checkPaths({ node, program, root, config }: Deployment): void {
  for (const path of [node, program, root, config ?? '']) {
    if (!/[\p{Cc}"'\\;#$`%]/u.test(path)) continue
    throw new WindlassError('invalid_option', `the path ${show(path)} has a sign that cannot be written`, {
      hint: 'Move the project to a path without quotes, backslashes, semicolons, #, $ and %.',
    })
  }
}

function writeAll(files: readonly DeploymentFile[], folder: string, force: boolean): void {
  const taken = files.map(({ path }) => join(folder, path)).find((path) => existsSync(path))
  if (taken !== undefined && !force)
    throw new WindlassError('invalid_option', `${taken} exists`, {
      hint: 'Add --force to replace it, or --output DIR to write elsewhere.',
    })
  try {
    mkdirSync(folder, { recursive: true })
    for (const { path, text } of files) writeFileSync(join(folder, path), text, { flag: force ? 'w' : 'wx' })
  } catch (cause) {
    throw new WindlassError('invalid_option', `nothing can be written to ${folder}`, { cause })
  }
}

function printed({ path, text }: DeploymentFile, _: number, all: readonly DeploymentFile[]): string {
  return all.length === 1 ? text.trimEnd() : `# ---- ${path}\n${text}`
}

/** `npx` without an installed package runs from a cache that is emptied now and then. */
function isFleeting({ program }: Deployment): boolean {
  return /[/\\]_npx[/\\]/.test(program)
}

function nextSteps(cli: Cli, target: Target, { name, named }: Deployment, file: string): string {
  return cli.out.say(`deploy.next_${target}`, { name, file, which: named ? ` -n ${name}` : '' })
}
