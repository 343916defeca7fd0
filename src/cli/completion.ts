// `windlass completion bash|zsh|fish`: a script that completes verbs, options and their fixed values, written from what
// the verbs declare, so that it knows every verb of this version. Opens nothing.

import { Command, InvalidArgumentError } from 'commander'

import { ERROR_CODES } from '../core/errors.ts'
import { REASONS } from '../core/reasons.ts'
import { TASK_STATES } from '../core/record.ts'
import type { Cli } from './cli.ts'
import { bashScript, fishScript, zshScript } from './completion-scripts.ts'
import type { Declared, DeclaredOption } from './completion-scripts.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
type Shell = keyof typeof SCRIPTS

/** What a verb takes as its first word, where that is one of a few. */
const FIRST_WORDS: Readonly<Record<string, readonly string[]>> = {
  queue: ['list', 'pause', 'resume', 'clear'],
  explain: [...new Set([...Object.keys(ERROR_CODES), ...Object.keys(REASONS)])],
  completion: Object.keys(SCRIPTS),
}

/** Values of options that are declared as free text because they may be lists. */
const OPTION_VALUES: Readonly<Record<string, readonly string[]>> = {
  '--state': TASK_STATES,
  '--drain': ['all'],
}

export function define(command: Command, cli: Cli): void {
  command.argument('<shell>', 'bash, zsh or fish', readShell).action(async (shell: Shell) => {
    const declared = await declaredVerbs(cli, command.parent)
    const script = SCRIPTS[shell](declared.verbs, declared.globals)
    cli.out.answer({ shell, script }, () => script.trimEnd())
  })
}

function readShell(word: string): Shell {
  if (Object.hasOwn(SCRIPTS, word)) return word as Shell
  throw new InvalidArgumentError(`Allowed are ${Object.keys(SCRIPTS).join(', ')}.`)
}

/** Declares every verb on a command of its own; no action runs. */
async function declaredVerbs(
  cli: Cli,
  program: Command | null,
): Promise<{ verbs: Declared[]; globals: DeclaredOption[] }> {
  const verbs: Declared[] = []
  for (const entry of cli.verbs) {
    const verb = new Command(entry.name)
    ;(await entry.load()).define(verb, cli)
    const about = cli.out.texts.of(entry.summary)
    verbs.push({
      name: entry.name,
      about,
      first: FIRST_WORDS[entry.name] ?? [],
      options: optionsOf(cli, verb),
    })
  }
  return { verbs, globals: program === null ? [] : optionsOf(cli, program) }
}

function optionsOf(cli: Cli, command: Command): DeclaredOption[] {
  return command.options.map(({ long, short, description, required, optional, argChoices }) => ({
    names: [long, short].filter((name) => typeof name === 'string'),
    about: cli.out.texts.of(description),
    takesValue: required || optional,
    values: argChoices ?? OPTION_VALUES[long ?? ''] ?? [],
  }))
}
