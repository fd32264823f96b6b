import type { Obj } from '../../lib/types'

/** Objects into which this person may bring a file. */
export const importable = (list: Obj[]) => list.filter(mayImport)
export const mayImport = (o: Obj) => Boolean(o.can.create || o.can.update) && o.name !== 'view'
