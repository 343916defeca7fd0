/** The documentation holds together: links lead somewhere, and both READMEs give the same commands. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path/posix'
import { test } from 'node:test'
import { readPage, type Page } from './markdown.ts'
import { exists, ROOT } from './tree.ts'

const NAMES = ['README', 'README.zh-CN', 'ARCHITECTURE', 'CONTRIBUTING', 'CHANGELOG', 'SECURITY']

function readPages(): Map<string, Page> {
  const files = globSync([...NAMES.map((name) => `${name}.md`), 'docs/**/*.md', 'examples/**/*.md'], {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  })
  return new Map(
    files
      .map((file) => file.replaceAll('\\', '/'))
      .map((file) => [file, readPage(readFileSync(join(ROOT, file), 'utf8'))]),
  )
}

/** Why a link leads nowhere, or undefined. */
function deadEnd(pages: ReadonlyMap<string, Page>, from: string, link: string): string | undefined {
  if (URL.canParse(link)) return undefined
  const [path = '', anchor] = decodeURI(link).split('#')
  const target = path === '' ? from : normalize(join(dirname(from), path))
  if (!pages.has(target) && !exists(target)) return `${from}: ${link}: no such file`
  const page = pages.get(target)
  if (anchor === undefined || page === undefined) return undefined
  return page.anchors.has(anchor) ? undefined : `${from}: ${link}: no such heading`
}

function deadEnds(pages: ReadonlyMap<string, Page>): string[] {
  return [...pages].flatMap(([from, { links }]) => links.flatMap((link) => deadEnd(pages, from, link) ?? []))
}

test('every relative link resolves', () => {
  assert.deepEqual(deadEnds(readPages()), [])
})

test('a dead link and a dead anchor are seen', () => {
  const text = '# One\n[a](no/such.md) [b](package.json) [c](#two) [d](#one) [e](https://example.org/x)'
  assert.deepEqual(deadEnds(new Map([['README.md', readPage(text)]])), [
    'README.md: no/such.md: no such file',
    'README.md: #two: no such heading',
  ])
})

test('README.md and README.zh-CN.md give the same code blocks in the same order', () => {
  const pages = readPages()
  const [english, chinese] = [pages.get('README.md'), pages.get('README.zh-CN.md')]
  assert.ok(english !== undefined && chinese !== undefined, 'one of them is missing')
  assert.deepEqual(chinese.blocks, english.blocks)
})

test('a command that only one README gives is seen, a translated comment is not', () => {
  const english = readPage('```sh\nnpm start # begins\nnpm test\n```\n\n```text\nshown\n```')
  const chinese = readPage('```sh\nnpm start # 开始\nnpm test\n```\n\n```text\n显示\n```')
  const shorter = readPage('```sh\nnpm start\n```')
  assert.deepEqual(chinese.blocks, english.blocks)
  assert.notDeepEqual(shorter.blocks, english.blocks)
})
