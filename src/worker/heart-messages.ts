// What the worker's thread and the heart's thread say to each other. Plain data, structured-cloned. Types and nothing
// else: who sends what is in heart-link.ts and heart-thread.ts.

import type { HeldAnswer, News, UpkeepSettings } from './news.ts'
import type { EngineOpening } from './options.ts'

/** Given to the thread when it is made. */
export interface HeartStart {
  readonly opening: EngineOpening
  readonly address: string
  readonly settings: UpkeepSettings
  readonly board: SharedArrayBuffer
  readonly stalls: SharedArrayBuffer
}

export type ToHeart =
  /** Beat for this session; the first one starts the upkeep. */
  | { readonly kind: 'follow'; readonly session: string | null }
  /** Compare with the store now what is held. */
  | { readonly kind: 'look' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'held'; readonly ticket: number; readonly held: HeldAnswer }
  | { readonly kind: 'stop' }

export type FromHeart =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'ask'; readonly ticket: number; readonly list: boolean }
  | { readonly kind: 'stopped' }
