// The front door: everything a user imports from `windlass`.

export { Windlass } from './windlass.ts'
export { defineConfig } from './config/shape.ts'
export { defineTask, implement } from './core/task-type.ts'
export { Fatal, RetryAfter, WindlassError } from './core/errors.ts'

export type { CallOptions as EnqueueOptions, ManyOptions } from './client/client.ts'
export type { ResultOptions } from './client/waiter.ts'
export type { TaskHandle } from './client/handle.ts'
export type { PauseJson, QueueJson, WorkerJson } from './client/queues.ts'
export type { AttemptJson, LogLineJson, TaskDetailJson, TaskJson } from './client/task-json.ts'
export type { PutJson } from './client/schedules.ts'
export type { ScheduleJson, SchedulerJson, TickJson } from './client/schedule-json.ts'
export type { BulkJson, BulkOptions, BulkVerb } from './client/bulk.ts'
export type { FindOptions } from './client/find-options.ts'
export type { ActionJson, TaskPageJson, WhyJson } from './client/tasks.ts'
export type { ApiConfig, Config, LogConfig, PushConfig, WorkerConfig } from './config/shape.ts'
export type { Codec } from './core/codec.ts'
export type { Duration } from './core/duration.ts'
export type { ErrorCode } from './core/errors.ts'
export type { Json, KeptError, TaskState } from './core/record.ts'
export type { RetryOption } from './core/retry.ts'
export type { Overlap, ScheduleOptions } from './core/schedule.ts'
export type { RuleOptions } from './core/schedule-rule.ts'
export type { Missed } from './core/schedule-ticks.ts'
export type { StandardSchema } from './core/standard-schema.ts'
export type { ByteSize } from './core/byte-size.ts'
export type {
  DeadContext,
  DeadTask,
  Isolation,
  Middleware,
  RetryFunction,
  TaskContext,
  TaskLog,
  TaskType,
  TaskTypeOptions,
} from './core/task-type.ts'
export type { OpenOptions } from './windlass.ts'
