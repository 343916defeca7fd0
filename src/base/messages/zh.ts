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
  'list.none': '没有任务',
  'list.more': '更多：--cursor {next}',
  'list.partial': '未查看更早的任务',
  'task.told_to_stop': '{id} {state}，已要求停止',
  'bulk.fit': '{verb}：{count} 个任务符合条件',
  'bulk.more': '还有 {count} 个',
  'bulk.done': '{verb}：{matched} 个任务符合条件，完成 {done} 个，拒绝 {refused} 个',
  'bulk.ask': '对这 {count} 个任务执行 {verb}？[y/N] ',
  'bulk.nothing_done': '未执行任何操作',
  'sweep.rescued': '救回的死亡 Worker 的任务',
  'sweep.promoted': '到期转为就绪的任务',
  'sweep.expired': '过期取消的任务',
  'sweep.purged': '清除的已结束任务',
  'sweep.overdue': '存活 Worker 上的超时任务（留给它们处理）',
  'backup.done': '{file}：{bytes} 字节，已校验',
  'restore.done': '{file} 已恢复；请重新启动 Worker',
  'restore.kept': '原存储保留为 {kept}',
  'doctor.wrong': '错误 ',
  'selftest.ok': '系统工作正常；测试产生的一切已清除',
  'selftest.failed': '系统未按预期工作',
}
