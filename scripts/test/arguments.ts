/**
 * What `npm test -- …` is told: words pick files, some flags are ours, the rest belongs to Node's test runner.
 */
export interface Arguments {
  readonly long: boolean
  readonly requireAll: boolean
  /** Engines that must run here: `--engine postgres` or `--engine=postgres`, any number of times. */
  readonly engines: readonly string[]
  readonly words: readonly string[]
  readonly flags: readonly string[]
}

export function readArguments(args: readonly string[]): Arguments {
  const engines: string[] = []
  const words: string[] = []
  const flags: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--engine') engines.push(args[++i] ?? '')
    else if (arg.startsWith('--engine=')) engines.push(arg.slice('--engine='.length))
    else if (arg.startsWith('-')) flags.push(arg)
    else words.push(arg)
  }
  const ours = new Set(['--long', '--require-all'])
  return {
    long: flags.includes('--long'),
    requireAll: flags.includes('--require-all'),
    engines,
    words,
    flags: flags.filter((flag) => !ours.has(flag)),
  }
}
