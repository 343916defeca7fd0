// The Lua files: each says what it is given and answers, and a server that is full refuses only what adds tasks.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

import { scriptOf } from './scripts.ts'

const FOLDER = new URL('./lua/', import.meta.url)
const files = readdirSync(FOLDER).map((file) => ({
  name: file.replace(/\.lua$/, ''),
  text: readFileSync(new URL(file, FOLDER), 'utf8'),
}))
const scripts = files.filter(({ text }) => text.startsWith('#!lua'))
const shared = files.filter((file) => !scripts.includes(file))

test('each script begins with its contract: keys, arguments, answer', () => {
  assert.ok(scripts.length > 15)
  for (const { name, text } of scripts) {
    const [, ...lines] = text.split('\n')
    const header = lines
      .slice(
        0,
        lines.findIndex((line) => line.startsWith('--@')),
      )
      .join('\n')
    assert.match(header, /KEYS\[1\] prefix/, name)
    assert.match(header, /Answers/, name)
    assert.match(header, /O\(|Answers how many/, name)
    assert.ok(
      header.split('\n').every((line) => line.startsWith('--')),
      name,
    )
  }
})

test('shared parts begin with what they own', () => {
  for (const { name, text } of shared) assert.match(text, /^-- \S/, name)
})

test('what adds tasks or entries is refused by a full server before it starts; everything else runs', () => {
  const bare = scripts.filter(({ text }) => text.startsWith('#!lua\n')).map(({ name }) => name)
  assert.deepEqual(bare.toSorted(), ['append', 'enqueue', 'enqueue-one', 'fire', 'migrate'])
  for (const { name, text } of scripts) {
    if (!bare.includes(name)) assert.match(text, /^#!lua flags=(?:allow-oom|no-writes)\n/, name)
  }
})

test('a joined script has each shared part once, behind its first line', () => {
  const { source, sha } = scriptOf('settle')
  assert.match(source, /^#!lua flags=allow-oom\n-- One unit of work/)
  assert.equal(source.match(/local function shapeOf\(/g)?.length, 1)
  assert.match(sha, /^[0-9a-f]{40}$/)
  assert.equal(scriptOf('settle').sha, sha)
})

test('every shared part is used, and every part that is named is there', () => {
  const named = new Set(files.flatMap(({ text }) => /^--@ (.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? []))
  assert.deepEqual([...named].toSorted(), shared.map(({ name }) => name).toSorted())
})
