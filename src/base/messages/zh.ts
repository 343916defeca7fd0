// The catalogue in Chinese: the keys and placeholders of en.ts. Help texts are in help-zh.ts, log lines in log-zh.ts.

import type { en } from './en.ts'
import { helpZh } from './help-zh.ts'
import { logZh } from './log-zh.ts'

/** Texts by key. */
export const zh: Readonly<Record<keyof typeof en, string>> = {
  ...helpZh,
  ...logZh,
  'explain.meaning': '含义',
  'explain.todo': '处理办法',
  'explain.kind': '类别',
  'explain.error': '错误码',
  'explain.reason': '任务原因',
  'explain.retry': '重试',
  'explain.may': '同样的调用稍后可能成功',
  'explain.never': '同样的调用仍会失败',
  'explain.also': '它同时也是任务的原因：',
}
