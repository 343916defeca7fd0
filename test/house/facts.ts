/**
 * What the house rules need to know about one source file.
 *
 * Owns reading a file with a real parser: what it imports (types, re-exports, `import()` with a literal and
 * `import('…')` inside types count; `new URL('./x.ts', import.meta.url)` does not) and how long its
 * functions are. Leaves every judgement to rules.ts.
 */
import { dirname, join, normalize } from 'node:path/posix'
import { parseSync, Visitor, type Expression } from 'oxc-parser'

/** `static`: a value that is there once the file is loaded. `lazy`: `import()`. `type`: gone when it runs. */
export type ImportKind = 'static' | 'type' | 'lazy'

export interface Import {
  readonly specifier: string
  /** The file meant, from the root of the repository; undefined for packages and Node's own modules. */
  readonly file: string | undefined
  readonly kind: ImportKind
  readonly line: number
}

export interface Facts {
  readonly lines: number
  readonly imports: readonly Import[]
  readonly functions: readonly { readonly line: number; readonly lines: number }[]
}

/** Our own package by name is the same file as by path. */
const OWN_NAMES: Readonly<Record<string, string>> = {
  windlass: 'src/index.ts',
  'windlass/testing': 'src/testing/index.ts',
}

export function readFacts(path: string, text: string): Facts {
  const { program, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new SyntaxError(`${path}: ${errors[0].message}`)
  const imports: Import[] = []
  const functions: { line: number; lines: number }[] = []
  const add = (specifier: string | undefined, kind: ImportKind, at: number): void => {
    if (specifier === undefined) return
    imports.push({ specifier, file: resolve(path, specifier), kind, line: lineAt(text, at) })
  }
  const measure = ({ start, end }: { start: number; end: number }): void => {
    functions.push({ line: lineAt(text, start), lines: lineAt(text, end) - lineAt(text, start) + 1 })
  }
  new Visitor({
    ImportDeclaration: (node) =>
      add(node.source.value, node.importKind === 'type' ? 'type' : 'static', node.start),
    ExportAllDeclaration: (node) =>
      add(node.source.value, node.exportKind === 'type' ? 'type' : 'static', node.start),
    ExportNamedDeclaration: (node) =>
      add(node.source?.value, node.exportKind === 'type' ? 'type' : 'static', node.start),
    ImportExpression: (node) => add(literal(node.source), 'lazy', node.start),
    TSImportType: (node) => add(node.source.value, 'type', node.start),
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(program)
  return { lines: countLines(text), imports, functions }
}

function literal(source: Expression): string | undefined {
  if (source.type === 'Literal') return typeof source.value === 'string' ? source.value : undefined
  if (source.type !== 'TemplateLiteral' || source.expressions.length > 0) return undefined
  return source.quasis[0]?.value.cooked ?? undefined
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier))
  return OWN_NAMES[specifier]
}

export function countLines(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
