// The contract: what every engine does, in one file a reader can hold in the head (DESIGN §4, CONTRACT.md).
// Every verb takes and returns arrays aligned by index; an empty array does no I/O. A refusal is data. A failure is
// a WindlassError whose `applied` says `no` (nothing changed) or `unknown` (repeat with the same ids to learn).
// Engines write, core decides: no engine knows a retry rule. Engine time decides everything that is stored.

import type { EngineFacts } from './engine-facts.ts'
import type { Documents, Journal, Records, Schedules } from './cold-verbs.ts'
import type {
  Beat,
  BeatReply,
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  Hint,
  NewSession,
  NewTask,
  Report,
  ReportReply,
  SessionEnd,
  Settlement,
  SettleReply,
  SweepReply,
  SweepRequest,
} from './hot-verbs.ts'

export type EngineName = 'memory' | 'sqlite' | 'postgres' | 'mysql' | 'redis' | 'rabbitmq'

/** What an acknowledged write survives: D3 fsynced, D2 a killed process, D0 nothing. */
export interface Durability {
  readonly class: 'D0' | 'D1' | 'D2' | 'D3'
  readonly text: string
}

/** A transaction of the caller's own driver, accepted by shape; what is accepted is the engine's to say. */
export type CallerTransaction = object

export interface Engine {
  readonly name: EngineName
  /** Id of the store, drawn once at its first migration; two processes with one id share one store. */
  readonly instanceId: string
  /** URL with which another thread or process reaches the same store; null: only this process can. */
  readonly address: string | null
  /** Creates or upgrades the store; safe when raced. Refuses a store of a newer schema (`newer_schema`). */
  migrate(): Promise<{ readonly from: number; readonly to: number }>
  durability(): Promise<Durability>
  /** What can be told of the engine and its server, for whoever looks for illness. */
  examine(): Promise<EngineFacts>
  /** Engine time in ms. */
  now(): Promise<number>

  enqueue(
    tasks: readonly NewTask[],
    options?: { readonly tx?: CallerTransaction; readonly notify?: boolean },
  ): Promise<EnqueueReply[]>
  claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]>
  settle(
    settlements: readonly Settlement[],
    options?: { readonly tx?: CallerTransaction },
  ): Promise<SettleReply[]>
  report(reports: readonly Report[]): Promise<ReportReply[]>
  /** `exists`: the id is taken, by a living or a dead session. */
  startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]>
  heartbeat(beats: readonly Beat[]): Promise<BeatReply[]>
  endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]>
  sweep(request: SweepRequest): Promise<SweepReply>
  /** Tells of changes, also those of other processes; answers the way to stop it. */
  watch(listener: (hint: Hint) => void): () => void

  readonly records: Records
  readonly schedules: Schedules
  readonly documents: Documents
  readonly journal: Journal

  /** Ends what the engine runs and gives back its connections. Idempotent. */
  close(): Promise<void>
}

/** Connections of an engine behind a server; null: as the engine has it. What the URL says wins. */
export interface PoolOptions {
  /** Kept open. */
  readonly size: number | null
  /** Opened beyond `size` while all are in use. */
  readonly maxOverflow: number | null
  /** How long a call waits for a connection, in ms. */
  readonly timeout: number | null
}

/** What every engine can be opened with. */
export interface EngineOptions {
  /** Keeps systems apart on one server. Default `windlass`. */
  readonly namespace: string
  /** Overrides engine time in tests; null: the engine's own clock. */
  readonly now: (() => number) | null
  /** Longest time one call may take, in ms. */
  readonly callTimeout: number
  readonly pool?: PoolOptions
  /** What this program does (`worker`): servers show it beside `windlass` where they list their connections. */
  readonly program?: string
}
