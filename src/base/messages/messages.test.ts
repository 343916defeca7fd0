/** Both languages have the same keys and placeholders, and texts that are made elsewhere are recognised. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ERROR_CODES } from '../../core/errors.ts'
import { REASONS } from '../../core/reasons.ts'
import { en } from './en.ts'
import { chooseLanguage, MADE_ELSEWHERE, PLACEHOLDER, Texts } from './messages.ts'
import { HINTS_ZH, REASONS_ZH } from './tables-zh.ts'
import { zh } from './zh.ts'

const chinese = new Texts('zh')

test('the same keys, the same placeholders', () => {
  assert.deepEqual(Object.keys(zh).toSorted(), Object.keys(en).toSorted())
  const names = (text: string): string[] =>
    [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name).toSorted()
  for (const [key, text] of Object.entries(en))
    assert.deepEqual(names(zh[key as keyof typeof en]), names(text), key)
})

test('an English text that is recognised has one translation', () => {
  const seen = new Map<string, string>()
  for (const [key, text] of Object.entries(en)) {
    if (!MADE_ELSEWHERE.test(key)) continue
    const other = zh[key as keyof typeof en]
    assert.equal(seen.get(text) ?? other, other, key)
    seen.set(text, other)
  }
})

test('every error code and every reason is told in both languages', () => {
  for (const code of Object.keys(ERROR_CODES)) assert.ok(Object.hasOwn(HINTS_ZH, code), code)
  assert.deepEqual(Object.keys(REASONS_ZH).toSorted(), Object.keys(REASONS).toSorted())
})

test('known lines are recognised with what stands in them, others stay', () => {
  for (const [english, expected] of [
    ['worker started', 'Worker 已启动，开始处理任务'],
    [
      'task failed (failures 2 of 3, again in 60 s): no luck (again)',
      '任务失败（失败 2/3，60 s 后重试）：no luck (again)',
    ],
    [
      'rescued: task interrupted (crashes 1 of 3, again at once)',
      '已救回：任务中断（崩溃 1/3，立即重新执行）',
    ],
    [
      'task dead (failures 4, retries 3 of 3 used, no retry left)',
      '任务失败，已达到最大重试次数（失败 4 次，重试 3/3）',
    ],
    ['a line of a handler', 'a line of a handler'],
  ] as const)
    assert.equal(chinese.logLine(english), expected)
  // A word of a table's head is no log line: a handler may have said it.
  assert.deepEqual([chinese.logLine('queue'), chinese.of('queue')], ['queue', '队列'])
  assert.equal(new Texts('en').of('worker started'), 'worker started')
})

test('a hint of its own goes before the table', () => {
  assert.equal(chinese.hint('not_found', ERROR_CODES.not_found.hint), HINTS_ZH.not_found)
  assert.equal(chinese.hint('not_found', 'Look behind the shelf.'), 'Look behind the shelf.')
  assert.equal(chinese.hint('of_a_newer_version', 'x'), 'x')
})

test('the first source that names a language decides', () => {
  assert.equal(chooseLanguage('en', { WINDLASS_LANG: 'zh', LANG: 'zh_CN.UTF-8' }), 'en')
  assert.equal(chooseLanguage(null, { WINDLASS_LANG: 'zh_CN', LANG: 'en_US' }), 'zh')
  assert.equal(chooseLanguage(null, { WINDLASS_LANG: '', LANG: 'zh_TW.UTF-8' }), 'zh')
  assert.equal(chooseLanguage(null, {}), 'en')
})
