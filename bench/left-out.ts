// Why a figure was not taken: a peer, a server or an engine that cannot be had here. It fails nothing.

/** What a figure needs cannot be had here. */
export class LeftOut extends Error {}
