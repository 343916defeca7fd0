// The command `windlass` as commander sees it: global options, the list of verbs, the one verb that is asked for.
// Promises that nothing is done when something given is wrong, and that every error leaves through one door with
// the exit code of DESIGN §9. Leaves what verbs do to their files.

import { Command, CommanderError, Option } from 'commander'

import { chooseLanguage, ENGLISH, Texts } from '../base/messages/messages.ts'
import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import type { Cli, VerbEntry } from './cli.ts'
import { EXIT, tellFailure } from './exit-codes.ts'
import { maskSecrets } from '../core/secrets.ts'
import { Output } from './output.ts'
import { speakHelp } from './help-language.ts'
import { PROFILES, type Profile } from './profile.ts'
import { VERBS } from './verbs.ts'
import { readVersion } from './version.ts'

const NO_GLOBALS = { config: null, engine: null, lang: null, profile: null, verbose: false }

interface GlobalOptions {
  config?: string
  engine?: string
  lang?: string
  profile?: Profile
  verbose?: boolean
}

/**
 * Runs one command line.
 * @returns the exit code
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  const out = new Output(own.includes('--json'), new Texts(chooseLanguage(readLang(own), process.env)))
  const cli: Cli = { out, globals: NO_GLOBALS, exit: EXIT.ok, verbs: VERBS }
  let verb: string | null = null
  try {
    const program = createProgram(out.texts)
    const [first = null, second = null] = program.parseOptions([...args]).operands
    verb = first
    await defineVerbs(program, first === 'help' ? second : first, cli)
    program.hook('preAction', (_, action) => {
      cli.globals = readGlobals(action.optsWithGlobals<GlobalOptions>())
    })
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    cli.exit = fail(error, verb, cli)
  }
  await out.flush()
  return cli.exit
}

function fail(error: unknown, verb: string | null, cli: Cli): number {
  // Help and version were asked for, and are written.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
  const failure = tellFailure(error, verb)
  const strange = failure.code === 'internal' || cli.globals.verbose
  const trace = strange && error instanceof Error ? maskSecrets(error.stack ?? '') : null
  cli.out.failure(failure, trace)
  return failure.exit
}

/** Read before anything is declared: help is told in it, too. */
function readLang(args: readonly string[]): string | null {
  const at = args.findLastIndex((arg) => arg === '--lang' || arg.startsWith('--lang='))
  const arg = args[at]
  if (arg === undefined) return null
  return arg === '--lang' ? (args[at + 1] ?? null) : arg.slice('--lang='.length)
}

/** The command line without its verbs: global options and help. */
export function createProgram(texts: Texts = ENGLISH): Command {
  return speakHelp(
    new Command('windlass')
      .description('Durable background tasks on the database or broker you already have.')
      .usage('<verb> [options]')
      .addOption(new Option('--config <file>', 'config file (else WINDLASS_CONFIG, else the nearest one)'))
      .addOption(new Option('--engine <url>', 'where tasks are kept, e.g. sqlite:.windlass/windlass.db'))
      .addOption(new Option('--json', 'answer with one JSON document'))
      .addOption(new Option('--lang <lang>', 'language of messages').choices(['zh', 'en']))
      .addOption(new Option('--profile <name>', 'print the state words of another system').choices(PROFILES))
      .addOption(new Option('-v, --verbose', 'say more, with stack traces'))
      .version(readVersion(), '--version', 'print the version')
      .helpOption('-h, --help', 'print help')
      .helpCommand('help [verb]', 'print help for a verb')
      // One door for errors: commander throws, `fail` tells.
      .configureOutput({ writeErr: () => {}, outputError: () => {} })
      .exitOverride()
      .addHelpText('after', () => `\n${texts.say('help.exits')}\n${texts.say('help.units')}`),
    texts,
  )
}

/** @param wanted the verb that is used, or that help is wanted for; null: none was said */
async function defineVerbs(program: Command, wanted: string | null, cli: Cli): Promise<void> {
  for (const entry of VERBS) {
    const command = program.command(entry.name).description(entry.summary)
    if (entry.name === wanted) (await entry.load()).define(command, cli)
  }
  if (wanted === null) {
    program.action(() => {
      cli.out.note(program.helpInformation())
      throw new WindlassError('invalid_option', 'no verb was given', { hint: 'See windlass --help.' })
    })
  } else if (!VERBS.some(({ name }) => name === wanted)) refuseVerb(wanted, VERBS)
}

function refuseVerb(verb: string, known: readonly VerbEntry[]): never {
  const names = known.map(({ name }) => name)
  throw new WindlassError('unknown_option', `unknown verb ${JSON.stringify(verb)}${suggest(verb, names)}`, {
    hint: 'See windlass --help.',
  })
}

function readGlobals(options: GlobalOptions) {
  return {
    config: options.config ?? null,
    engine: options.engine ?? null,
    lang: options.lang ?? null,
    profile: options.profile ?? null,
    verbose: options.verbose === true,
  }
}
