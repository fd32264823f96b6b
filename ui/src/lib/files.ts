// Files of records, over the wire. The name goes in a header, because addresses are logged on the way.
import { addressOf, csrfValue, Problem, problemOf } from './api'
import type { Rec } from './types'

/** RFC 8187: what may stand in a header is A-Z a-z 0-9 - . _ ~, all else is percent-encoded. */
export const headerName = (name: string) => encodeURIComponent(name.replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export const fileAddress = (object: string, id: string, field: string) => addressOf(`/records/${object}/${id}/files/${field}`)

/** Sends a file into a field; `onPart` tells how much of it is there, from 0 to 1. fetch cannot tell that. */
export function putFile(rec: Pick<Rec, 'object' | 'id' | 'version'>, field: string, file: File, onPart: (part: number) => void): Promise<Rec> {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest()
    x.open('PUT', fileAddress(rec.object, rec.id, field))
    x.responseType = 'json'
    x.setRequestHeader('Accept', 'application/json')
    x.setRequestHeader('X-CSRF-Token', csrfValue())
    x.setRequestHeader('If-Match', `"${rec.version}"`)
    x.setRequestHeader('Content-Type', 'application/octet-stream')
    x.setRequestHeader('Content-Disposition', `attachment; filename*=UTF-8''${headerName(file.name)}`)
    x.upload.onprogress = e => { if (e.lengthComputable) onPart(e.loaded / e.total) }
    x.onload = () => {
      if (x.status >= 200 && x.status < 300) resolve(x.response as Rec)
      else reject(problemOf(x.status, x.response, { get: (n: string) => x.getResponseHeader(n) }))
    }
    x.onerror = () => reject(new Problem('offline', 0, ''))
    x.send(file)
  })
}

/** A size as people say it: 812 B, 47 KB, 1.2 MB. */
export function showSize(n: number, locale: string): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let at = 0
  while (n >= 1000 && at < units.length - 1) { n /= 1000; at++ }
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: n < 10 && at > 0 ? 1 : 0 }).format(n)} ${units[at]}`
}
