// The front door: everything a user imports from `windlass`.

export { defineTask, implement } from './core/task-type.ts'
