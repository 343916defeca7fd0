/**
 * What the documentation rules need to know about one page.
 *
 * Owns reading Markdown with a real parser: links and pictures, headings as anchors, code blocks. Leaves
 * judging to docs.test.ts.
 */
import { marked, type Token } from 'marked'

export interface Page {
  readonly links: readonly string[]
  readonly anchors: ReadonlySet<string>
  readonly blocks: readonly string[]
}

/** Languages whose blocks are pictures or printed output: they may be translated, so only the kind counts. */
const SHOWN = new Set(['', 'text', 'mermaid'])

export function readPage(text: string): Page {
  const links: string[] = []
  const anchors = new Set<string>()
  const blocks: string[] = []
  const read = (token: Token): void => {
    if (token.type === 'link' || token.type === 'image') links.push(String(token['href']))
    if (token.type === 'heading') anchors.add(anchorOf(String(token['text'])))
    if (token.type === 'code') blocks.push(block(String(token['lang'] ?? ''), String(token['text'])))
  }
  void marked.walkTokens(marked.lexer(text), read)
  return { links, anchors, blocks }
}

/** As the usual hosts make them: lower case, letters, digits, `-` and `_`, spaces turned into `-`. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** A block as it must be in every language: commands and code, without what is said beside them. */
function block(lang: string, text: string): string {
  if (SHOWN.has(lang)) return `(${lang})`
  const comment = lang === 'ts' || lang === 'js' ? /(^|\s)\/\/.*$/ : /(^|\s)#.*$/
  const lines = text.split('\n').map((line) => line.replace(comment, '').trimEnd())
  return [`(${lang})`, ...lines.filter((line) => line !== '')].join('\n')
}
