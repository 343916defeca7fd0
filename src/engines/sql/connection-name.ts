// What a server shows of a connection of ours where it lists them, so that whoever looks there knows whose it is.

export interface ConnectionOwner {
  readonly role: 'hot' | 'heart'
  /** What the program does; absent: it did not say. */
  readonly program?: string
}

/** Such as `windlass`, `windlass worker`, `windlass worker heart`. */
export function connectionName({ role, program }: Partial<ConnectionOwner>): string {
  return [
    'windlass',
    ...(program === undefined ? [] : [program]),
    ...(role === 'heart' ? ['heart'] : []),
  ].join(' ')
}
