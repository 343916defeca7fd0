// What every deployment file is made of, and the command line that all of them run.
// Plain records and pure functions: the templates beside it turn one `Deployment` into files. Leaves reading settings
// and writing files to ../deploy.ts.

/** One service of one project on one machine. Paths are absolute. */
export interface Deployment {
  /** Of the unit, the program, the app or the compose project. */
  readonly name: string
  /** Given with --name: workers are called after it, too. */
  readonly named: boolean
  /** Account that it runs under. */
  readonly user: string
  /** The Node that runs it. */
  readonly node: string
  /** Version of that Node. */
  readonly nodeVersion: string
  /** Our command. */
  readonly program: string
  /** The project: `.env`, `.windlass` and `logs` are in it. */
  readonly root: string
  /** Config file that was asked for; null: the one that is found from the root. */
  readonly config: string | null
  /** Worker processes; null: as the settings say. */
  readonly workers: number | null
  /** `up` fires schedules besides. */
  readonly verb: 'start' | 'up'
  /** How long a stop may take, in ms. */
  readonly stopLimit: number
  /** NODE_ENV; null: not set. */
  readonly mode: string | null
}

/** A file to write: its path from the output folder, and its text. */
export interface DeploymentFile {
  readonly path: string
  readonly text: string
}

/** Arguments of Node: the program and what it is to do. */
export function commandArguments(deployment: Deployment): string[] {
  const { program, verb, name, named, workers, config } = deployment
  return [
    program,
    verb,
    ...(named ? ['--name', name] : []),
    ...(workers === null ? [] : ['--count', String(workers)]),
    ...(config === null ? [] : ['--config', config]),
  ]
}

/** The first lines of a file, behind the sign that begins a comment. */
export function headLines(deployment: Deployment, target: string): string[] {
  const seconds = deployment.stopLimit / 1_000
  return [
    `${deployment.name}: written by \`windlass deploy ${target}\`.`,
    `Running tasks may end before a stop becomes a kill: ${seconds} s, more than the drain time of the settings`,
    '(WORKER_MAX_SHUTDOWN_WAIT). Write this file again after that time was raised.',
  ]
}
