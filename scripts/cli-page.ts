// The reference page of the command line, written from what the command line declares of itself.

import type { Command } from 'commander'

import type { Cli } from '../src/cli/cli.ts'
import { Output } from '../src/cli/output.ts'
import { createProgram } from '../src/cli/program.ts'
import { VERBS } from '../src/cli/verbs.ts'

/** Declares only; no action runs, so nothing is read or written. */
const NOBODY: Cli = {
  out: new Output(false),
  globals: { config: null, engine: null, lang: null, profile: null, verbose: false },
  exit: 0,
  verbs: VERBS,
}

/** The whole page. */
export async function cliPage(note: string): Promise<string> {
  const program = createProgram()
  const verbs: string[] = []
  for (const entry of VERBS) {
    const command = program.command(entry.name).description(entry.summary)
    ;(await entry.load()).define(command, NOBODY)
    verbs.push(...verbPart(command, `windlass ${entry.name}`, '##'))
  }
  return [
    '# Command line',
    '',
    `${note} Bare numbers are seconds; \`500ms\`, \`30s\`, \`5m\`, \`1h\`, \`7d\` say their unit.`,
    '',
    'Exit codes: 0 ok, 1 failure, 2 usage, 3 not running, 4 engine unreachable, 5 timed out, 6 worker deaf. With `--json` exactly',
    'one JSON document is printed, on failure `{"error":{"code","message","hint","retry"}}`; `worker`, `start` and `up` print one object a line.',
    'The codes are listed in [errors](errors.md).',
    '',
    '## Every verb takes',
    '',
    ...optionRows(program),
    ...verbs,
  ].join('\n')
}

function verbPart(command: Command, name: string, level: string): string[] {
  const usage = command.commands.length > 0 ? `${name} <verb>` : `${name} ${command.usage()}`
  const parts = [
    `${level} ${name}`,
    '',
    `${capital(command.description())}.`,
    '',
    '```text',
    usage,
    '```',
    '',
  ]
  const args = command.registeredArguments.map((one) => `| \`${one.name()}\` | ${cell(one.description)} |`)
  if (args.length > 0) parts.push('| argument | |', '| --- | --- |', ...args, '')
  if (command.options.length > 0) parts.push(...optionRows(command))
  for (const inner of command.commands) parts.push(...verbPart(inner, `${name} ${inner.name()}`, `${level}#`))
  return parts
}

function optionRows(command: Command): string[] {
  const rows = command.options.map((option) => {
    const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`
    return `| \`${cell(option.flags)}\` | ${cell(option.description)}${choices} |`
  })
  return ['| option | |', '| --- | --- |', ...rows, '']
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
