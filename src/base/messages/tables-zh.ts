// The tables of error codes and reasons in Chinese; their English is in core/errors.ts and core/reasons.ts. A code
// that is missing here is told in English, and a test names it.

import type { ErrorCode } from '../../core/errors.ts'
import type { ReasonEntry } from '../../core/reasons.ts'
import type { Reason } from '../../core/record.ts'

/** What to do about an error. */
export const HINTS_ZH: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_option: '请更正所指出的选项。',
  unknown_option: '请检查拼写；已给出最接近的已知名称。',
  invalid_duration: '请给出数字或带单位的字符串：500ms、30s、5m、1h、7d。',
  invalid_schedule: '请在所指之处更正该计划。',
  invalid_payload: '请给出该任务类型接受的载荷。',
  payload_too_large: '请把数据存放在别处并传递引用，或调高 limits.payload。',
  payload_too_deep: '请减少载荷的嵌套：最多 64 层。',
  payload_not_json: '请传递普通 JSON 值：不含函数、bigint、循环引用、NaN、`__proto__` 键。',
  result_not_json: '处理函数应返回普通 JSON 值。',
  result_too_large: '请把数据存放在别处并返回引用，或调高 limits.payload。',
  unknown_task_type: '请在配置中定义该任务类型，或检查拼写。',
  no_handler: '请用 implement(type, run) 添加处理函数，或传入带 `run` 的定义。',
  duplicate_task_type: '请给每个任务类型一个独有的名称。',
  id_conflict: '该 id 属于内容不同的另一任务。请换一个 id。',
  not_found: '请检查 id。已结束的任务在保留期后会被移除。',
  refused: '任务的状态不允许此操作。',
  version_conflict: '期间已被他人更改。请重新读取后再试。',
  task_dead: '该任务不会再自动重试。请查看其错误，然后 `windlass retry`。',
  task_cancelled: '该任务已取消。`windlass retry` 可再次执行。',
  wait_timeout: '任务尚未结束。请等待更久或稍后再看。',
  config_not_found: '请检查 --config 或 WINDLASS_CONFIG 给出的路径。',
  config_invalid: '请在所指之处更正配置。',
  config_failed: '加载配置或任务文件时抛出了错误。请查看原因。',
  codec_failed: '请检查所指的编解码器及其密钥。请查看原因。',
  engine_url_invalid: '请使用 sqlite:路径、memory:、postgres://、mysql://、redis:// 或 amqp://。',
  engine_not_available: '此版本不含该引擎。请使用 sqlite:、postgres://、mysql://、redis:// 或 memory:。',
  engine_driver_missing: '请安装该引擎的驱动：即所指的包。',
  engine_busy: '存储繁忙。请稍后再试。',
  engine_full: '存储空间已满。请腾出空间；工作会自行恢复。',
  engine_unreachable: '请用 `windlass doctor` 检查存储是否存在且可达。',
  engine_timeout: '不确定是否已生效。请以相同的 id 重试。',
  engine_closed: '连接已被本程序关闭。请重新打开。',
  engine_corrupt: '请停止所有进程并恢复备份。',
  newer_schema: '更新版本的 Windlass 已升级此存储。请同样升级本程序。',
  not_migrated: '请执行 `windlass migrate`。',
  engine_too_old: '请将服务器升级到受支持的版本，或改用其他服务器。',
  engine_unsafe: '请更改所指出的服务器设置：否则任务可能丢失。',
  sqlite_too_old: '请使用项目所固定的 Node：其 SQLite 足够新。',
  network_file_system: '请把数据库文件放在本地磁盘，或使用服务器引擎。',
  lease_lost: '任务现由另一次执行持有。请结束本次执行；其结果不被采用。',
  timeout: '处理函数超出了时限。请调高 `timeout` 或加快处理。',
  cancelled: '任务在执行中被取消。',
  shutdown: 'Worker 正在停止。任务已交还，将在别处重新执行。',
  task_failed: '处理函数通过 ctx.fail() 如此声明。',
  not_started: '请先启动。',
  not_running: '此处没有运行中的进程。请用 `windlass start` 或 `windlass up` 启动。',
  already_running: '请先停止正在运行的那个，或用 --name（WORKER_NAME）为本进程另取名称。',
  handler_unsupported: '请从配置 `tasks` 所列的文件导出该任务类型，或使用隔离方式 `inline`。',
  log_not_writable: '请让此用户可写该位置，或用 LOG_FILE（log.file）指定其他文件。',
  notice_failed: '请检查配置中 `alerts.to` 下的命令或地址。',
  child_failed: '进程在就绪前结束。原因见其最后几行输出。',
  internal: '这是一个缺陷。请连同错误文本一起报告。',
}

const REASONS = {
  expired: {
    meaning: '任务未能在 `expires` 之前开始，已被取消。',
    hint: '请增加 Worker 或放宽 `expires`；`windlass retry` 仍可执行它。',
  },
  cancelled: { meaning: '任务被人取消。', hint: '`windlass retry` 可再次执行。' },
  poison: {
    meaning: '执行该任务的进程一再死亡，因此不再尝试。',
    hint: '请查看各次执行的错误（内存、退出码、信号），修正处理函数，然后 `windlass retry`。',
  },
  lost: {
    meaning: '执行该任务的 Worker 一再无声消失。',
    hint: '请检查主机、网络以及处理函数是否阻塞，然后 `windlass retry`。',
  },
  fatal: {
    meaning: '处理函数抛出了 `Fatal` 或不值得重试的错误。',
    hint: '请阅读错误，消除原因，然后 `windlass retry`。',
  },
  failed: {
    meaning: '处理函数抛出了错误。只要还有重试次数，任务就会等待下一次。',
    hint: '请阅读错误。没有重试次数而需要重试的任务应设置 `retry`。',
  },
  retries_exhausted: {
    meaning: '首次执行与所有重试均告失败。',
    hint: '请阅读各次执行的错误，消除原因，然后 `windlass retry`；或允许更多重试。',
  },
  invalid_payload: {
    meaning: '载荷已不符合该任务类型的输入模式。',
    hint: '请以符合的载荷重新入队，或修正模式，然后 `windlass retry`。',
  },
  invalid_result: {
    meaning: '处理函数返回的不是 JSON，或过大。',
    hint: '请返回普通的小型 JSON 值，或把数据存放在别处并返回引用。',
  },
  timeout: {
    meaning: '处理函数的执行超出了任务的时限。',
    hint: '请调高 `timeout`，加快处理，或在 `ctx.signal` 中止时结束。',
  },
  unknown_type: {
    meaning: '领取任务的 Worker 不认识其类型，已交还。',
    hint: '请把该任务类型部署到此队列的每个 Worker，或为其单设队列。',
  },
  unknown_codec: {
    meaning: '领取任务的 Worker 不认识其载荷的编解码器，已交还。',
    hint: '请在每个 Worker 上配置该编解码器及其密钥。',
  },
  unknown_version: {
    meaning: '领取任务的 Worker 只认识其类型的旧版本，已交还。',
    hint: '请把该任务类型的新版本部署到此队列的每个 Worker。',
  },
  child_failed: {
    meaning: '任务的线程或进程无法启动，任务已交还。',
    hint: '请查看 Worker 的日志：内存、进程数限制、加载时抛错的文件。',
  },
  drained: {
    meaning: 'Worker 在任务完成前停止并将其交还；不计任何次数。',
    hint: '无需处理：它会重新执行。若经常发生，请给 Worker 更长的 `drain`。',
  },
  bystander: {
    meaning: '执行该任务的进程因另一个任务而被终止；不计任何次数。',
    hint: '无需处理：它会重新执行。该 Worker 的日志会指出肇事任务；可用 `isolation` 将该类型隔离。',
  },
  unclaimed: {
    meaning: '任务已分配给某个 Worker，但应答从未送达，已交还。',
    hint: '无需处理：它会重新执行。若经常发生，请检查到存储的网络。',
  },
}

/** What a reason means, and what to do about it. */
export const REASONS_ZH: Readonly<Record<Reason, ReasonEntry>> = REASONS
