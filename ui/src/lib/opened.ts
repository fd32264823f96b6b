// Records that were opened, the newest first.
/** A record that was opened, by its address alone. */
export interface Opened { object: string; id: string; at: number }

const most = 30

/** The list of opened records with one more at its head. */
export const withOpened = (list: Opened[], o: Opened) => [o, ...list.filter(x => x.id !== o.id || x.object !== o.object)].slice(0, most)
