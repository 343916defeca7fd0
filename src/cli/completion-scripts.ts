// The completion scripts themselves: pure functions from declared verbs and options to the text that a shell reads.
// Promises that descriptions cannot end a quoted word. Leaves finding out what is declared to completion.ts.

export interface DeclaredOption {
  /** `--queues`, `-Q` */
  readonly names: readonly string[]
  readonly about: string
  readonly takesValue: boolean
  /** Fixed values; empty: anything, a file perhaps. */
  readonly values: readonly string[]
}

export interface Declared {
  readonly name: string
  readonly about: string
  /** Words that may follow the verb. */
  readonly first: readonly string[]
  readonly options: readonly DeclaredOption[]
}

/** For bash: `source <(windlass completion bash)`. */
export function bashScript(verbs: readonly Declared[], globals: readonly DeclaredOption[]): string {
  const all = [...globals, ...verbs.flatMap(({ options }) => options)]
  const verbCases = verbs.map(({ name, first, options }) => {
    const words = [...first, ...namesOf([...options, ...globals]), '--help'].join(' ')
    return `    ${name}) words=${quote(words)} ;;`
  })
  return `# bash completion of windlass: source <(windlass completion bash)
_windlass() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb= words= i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
    ${withValue(globals).join('|')}) ((i++)) ;;
    -*) ;;
    *) verb=$word; break ;;
    esac
  done
  case $prev in
${valueCases(all).join('\n')}
  *) words= ;;
  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case $prev in
  ${withValue(all).join('|')}) return ;;
  esac
  case $verb in
    '') words=${quote([...verbs.map(({ name }) => name), ...namesOf(globals), '--help', '--version'].join(' '))} ;;
${verbCases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _windlass windlass
`
}

/** For zsh: in a folder of `fpath` as `_windlass`, or `source <(windlass completion zsh)`. */
export function zshScript(verbs: readonly Declared[], globals: readonly DeclaredOption[]): string {
  const verbCases = verbs.map(({ name, first, options }) => {
    const spec = [...options, ...globals].flatMap(zshOption)
    const rest = first.length === 0 ? quote('*:file:_files') : quote(`1:word:(${first.join(' ')})`)
    return `    ${name}) _arguments -S ${[...spec, rest].join(' ')} ;;`
  })
  const names = verbs.map(({ name, about }) => quote(`${name}:${about.replaceAll(':', String.raw`\:`)}`))
  return `#compdef windlass
# zsh completion of windlass: source <(windlass completion zsh)
_windlass() {
  local -a verbs=(${names.join(' ')})
  local state line
  _arguments -C ${globals.flatMap(zshOption).join(' ')} '1:verb:->verb' '*::rest:->rest'
  case $state in
  verb) _describe verb verbs ;;
  rest)
    case $line[1] in
${verbCases.join('\n')}
    esac ;;
  esac
}
compdef _windlass windlass
`
}

/** For fish: `windlass completion fish | source`. */
export function fishScript(verbs: readonly Declared[], globals: readonly DeclaredOption[]): string {
  const lines = globals.map((option) => `complete -c windlass ${fishOption(option)}`)
  for (const { name, about, first, options } of verbs) {
    const when = quote(`__fish_seen_subcommand_from ${name}`)
    lines.push(`complete -c windlass -f -n __fish_use_subcommand -a ${name} -d ${quote(about)}`)
    if (first.length > 0) lines.push(`complete -c windlass -f -n ${when} -a ${quote(first.join(' '))}`)
    for (const option of options) lines.push(`complete -c windlass -n ${when} ${fishOption(option)}`)
  }
  return ['# fish completion of windlass: windlass completion fish | source', ...lines, ''].join('\n')
}

function namesOf(options: readonly DeclaredOption[]): string[] {
  return options.flatMap(({ names }) => names)
}

function withValue(options: readonly DeclaredOption[]): string[] {
  return [...new Set(namesOf(options.filter(({ takesValue }) => takesValue)))]
}

function valueCases(options: readonly DeclaredOption[]): string[] {
  const cases = options
    .filter(({ values }) => values.length > 0)
    .map(({ names, values }) => `  ${names.join('|')}) words=${quote(values.join(' '))} ;;`)
  return [...new Set(cases)]
}

function zshOption({ names, about, takesValue, values }: DeclaredOption): string[] {
  const text = about.replaceAll(/[[\]]/g, String.raw`\$&`)
  const value = !takesValue ? '' : `:value:${values.length > 0 ? `(${values.join(' ')})` : '_files'}`
  return names.map((name) => quote(`${name}[${text}]${value}`))
}

function fishOption({ names, about, takesValue, values }: DeclaredOption): string {
  const parts = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  if (takesValue) parts.push('-r')
  if (values.length > 0) parts.push(`-f -a ${quote(values.join(' '))}`)
  return [...parts, `-d ${quote(about)}`].join(' ')
}

/** One word for any of the three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
