// The files of a record: its own file and image fields, and the documents that belong to it. A file that is
// dropped here becomes a document.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DragEvent, useRef, useState } from 'react'
import { showMoment } from '../../fields/date'
import { get, newKey, post, Problem, send } from '../../lib/api'
import { quote } from '../../lib/cel'
import { fileAddress, putFile, showSize } from '../../lib/files'
import { useStable } from '../../lib/hooks'
import { currentLang, label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { refresh, remove, reread, undoVersion } from '../../lib/records'
import { documentsOf, filled, type Relation } from '../../lib/relations'
import { fieldNamed, isMasked, readable, useObjects } from '../../lib/schema'
import { complain, didChange, explain } from '../../lib/toast'
import type { Field, Obj, Page, Rec } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { refreshFeed } from './feed'
import css from './related.module.css'
import type { TabProps } from './tabs'

interface Kept { content: string; name: string; media: string; size: number }
const kept = (v: unknown): Kept | null => (v && typeof v === 'object' && 'content' in v ? (v as Kept) : null)
const megabyte = 1_000_000
/** What the server takes at most; it is told before anything is sent. */
const limits: Record<string, number> = { file: 25 * 1024 * 1024, image: 10 * 1024 * 1024 }
const pictures = 'image/png,image/jpeg,image/gif,image/webp'

interface Going { id: number; name: string; part: number; bad: string; again: () => void }

/** Files on their way, one after the other. */
function useSending() {
  const [list, setList] = useState<Going[]>([])
  const last = useRef(0)
  const line = useRef<Promise<unknown>>(Promise.resolve())
  const set = (id: number, change: Partial<Going>) => setList(was => was.map(g => (g.id === id ? { ...g, ...change } : g)))
  const drop = (id: number) => setList(was => was.filter(g => g.id !== id))
  const begin = (file: File, kind: string, run: (onPart: (p: number) => void) => Promise<void>) => {
    const id = ++last.current
    const go = () => {
      set(id, { bad: '', part: 0 })
      line.current = line.current.then(() => run(part => set(id, { part }))).then(() => drop(id), (e: unknown) => set(id, { bad: explain(e) }))
    }
    const most = limits[kind] ?? limits.file!
    const bad = file.size > most ? t('files.large', { max: Math.floor(most / megabyte) }) : file.size === 0 ? t('files.empty') : ''
    setList(was => [...was, { id, name: file.name, part: 0, bad, again: go }])
    if (!bad) go()
  }
  return { list, begin, drop }
}

function GoingList({ list, drop }: { list: Going[]; drop: (id: number) => void }) {
  if (list.length === 0) return null
  return (
    <div className={css.going} role="status">
      {list.map(g => (
        <div key={g.id} className={css.up}>
          <span dir="auto">{g.name}</span>
          {g.bad ? <><button type="button" className={css.act} onClick={g.again}>{t('retry')}</button><button type="button" className={css.act} aria-label={t('files.forget', { name: g.name })} onClick={() => drop(g.id)}><Icon name="x" size={14} /></button><span className={css.bad} role="alert">{g.bad}</span></>
            : <progress value={g.part} max={1} aria-label={t('files.sending', { name: g.name })} />}
        </div>
      ))}
    </div>
  )
}

/** A file or image field of the record itself. */
function Own({ rec, field, begin }: { rec: Rec; field: Field; begin: ReturnType<typeof useSending>['begin'] }) {
  const input = useRef<HTMLInputElement>(null)
  const k = kept(rec.fields[field.name])
  const may = rec.can.update && field.can.edit && !field.read_only
  const again = async () => { await reread(rec.object, rec.id); void refresh(rec.object); void refreshFeed(rec.object, rec.id) }
  const told = (now: Rec, text: string) => didChange(text, async () => { await undoVersion(rec.object, rec.id, now.version); await again() })
  const put = (file: File) => begin(file, field.type, async onPart => {
    const fresh = await get<Rec>(`/records/${rec.object}/${rec.id}`, { query: {} })
    const now = await putFile(fresh, field.name, file, onPart)
    told(now, t('files.put', { name: file.name }))
    await again()
  })
  const empty = () => {
    send<Rec>('DELETE', `/records/${rec.object}/${rec.id}/files/${field.name}`, { match: rec.version }).then(async now => { told(now, t('files.removed', { name: k?.name ?? '' })); await again() }, async (e: unknown) => {
      complain(e)
      if (e instanceof Problem && e.code === 'stale') await again()
    })
  }
  const address = fileAddress(rec.object, rec.id, field.name)
  return (
    <li className={css.file}>
      <span className={css.icon}><Icon name="file" /></span>
      <span className={css.name}><span>{label(field.label)}</span><small dir="auto">{k ? `${k.name} · ${showSize(k.size, currentLang())}` : t('files.none')}</small></span>
      {k && !isMasked(field) && <a className={css.act} href={address} download={k.name} aria-label={t('files.get', { name: k.name })}><Icon name="down" size={15} /></a>}
      {may && (
        <>
          <input ref={input} type="file" hidden accept={field.type === 'image' ? pictures : undefined} onChange={e => { const f = e.target.files?.[0]; if (f) put(f); e.target.value = '' }} />
          <button type="button" className={css.act} aria-label={t('files.choose.for', { field: label(field.label) })} onClick={() => input.current?.click()}>{t(k ? 'replace' : 'files.choose')}</button>
          {k && <button type="button" className={css.act} aria-label={t('files.remove', { name: k.name })} onClick={empty}><Icon name="trash" size={15} /></button>}
        </>
      )}
    </li>
  )
}

function Document({ doc, object }: { doc: Rec; object: Obj }) {
  const k = kept(doc.fields.file)
  const name = typeof doc.fields.name === 'string' ? doc.fields.name : ''
  const file = fieldNamed(object, 'file')
  const by = nameOf('user', String(doc.fields.created_by ?? ''))
  const facts = [k ? showSize(k.size, currentLang()) : '', typeof doc.fields.created_at === 'string' ? showMoment(doc.fields.created_at) : '', by].filter(Boolean)
  return (
    <li className={css.file}>
      <span className={css.icon}><Icon name="file" /></span>
      <span className={css.name}><Link to="/o/$object/$id" params={{ object: doc.object, id: doc.id }} dir="auto">{name || t('untitled')}</Link><small>{facts.join(' · ')}</small></span>
      {k && file && !isMasked(file) && <a className={css.act} href={fileAddress(doc.object, doc.id, 'file')} download={k.name} aria-label={t('files.get', { name: k.name })}><Icon name="down" size={15} /></a>}
      {doc.can.delete && <button type="button" className={css.act} aria-label={t('files.remove', { name })} onClick={() => { remove(doc.object, [doc.id]).catch(complain) }}><Icon name="trash" size={15} /></button>}
    </li>
  )
}

/** Makes a document of a file: the record first, then its content; a failed upload is sent to the same record. */
function useDocuments(r: Relation | undefined, rec: Rec, of: Obj) {
  const made = useRef(new Map<File, Rec>())
  return useStable(async (file: File, onPart: (p: number) => void) => {
    if (!r) return
    let doc = made.current.get(file)
    doc ??= await post<Rec>(`/records/${r.object.name}`, { fields: { name: file.name.slice(0, 200), ...filled(r, rec, of) } }, { repeat: newKey() })
    made.current.set(file, doc)
    await putFile(doc, 'file', file, onPart)
    made.current.delete(file)
    const id = doc.id
    didChange(t('files.put', { name: file.name }), async () => { await send('DELETE', `/records/${r.object.name}/${id}`); await refresh(r.object.name) })
    await refresh(r.object.name)
  })
}

export function Files({ rec, object }: TabProps) {
  useNames()
  const r = documentsOf(useObjects(), object)
  const own = object.fields.filter(f => (f.type === 'file' || f.type === 'image') && readable(f))
  const sending = useSending()
  const keep = useDocuments(r, rec, object)
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const filter = r ? `${r.field.name} == ${quote(rec.id)}` : ''
  const q = useQuery({
    queryKey: [...keys.records('document'), 'related', rec.id, r?.field.name ?? ''], enabled: Boolean(r),
    queryFn: ({ signal }) => get<Page>('/records/document', { query: { filter, fields: 'name,file,created_at,created_by', limit: 100 }, signal }),
  })
  const file = r && fieldNamed(r.object, 'file')
  const may = Boolean(r?.object.can.create && r.field.can.edit && file?.can.edit)
  const take = (files: FileList | null) => { for (const f of files ?? []) sending.begin(f, 'file', onPart => keep(f, onPart)) }
  const onDrop = (e: DragEvent) => { e.preventDefault(); setOver(false); take(e.dataTransfer.files) }
  const docs = q.data?.records ?? []
  return (
    <div className={css.lists}>
      {may && (
        <div className={`${css.drop} ${over ? css.over : ''}`} onDragOver={e => { if ([...e.dataTransfer.types].includes('Files')) { e.preventDefault(); setOver(true) } }} onDragLeave={() => setOver(false)} onDrop={onDrop}>
          <Icon name="up" /><span>{t('files.drop')}</span>
          <input ref={input} type="file" multiple hidden onChange={e => { take(e.target.files); e.target.value = '' }} data-testid="files" />
          <Button size="xs" variant="default" onClick={() => input.current?.click()}>{t('files.add')}</Button>
        </div>
      )}
      <GoingList list={sending.list} drop={sending.drop} />
      {own.length > 0 && <section className={css.list} aria-label={t('files.own')}><header className={css.head}><h2>{t('files.own')}</h2></header><ul className={css.files}>{own.map(f => <Own key={f.name} rec={rec} field={f} begin={sending.begin} />)}</ul></section>}
      {r && (q.isLoading ? <Bones rows={3} /> : q.isError && !q.data ? <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} /> : docs.length > 0 ? (
        <section className={css.list} aria-label={label(r.object.plural)}>
          <header className={css.head}><Icon name="file" size={16} /><h2>{label(r.object.plural)}</h2><span className={css.count}>{t(q.data?.next_cursor ? 'count.more' : 'count', { n: docs.length })}</span></header>
          <ul className={css.files}>{docs.map(d => <Document key={d.id} doc={d} object={r.object} />)}</ul>
        </section>
      ) : !may && own.length === 0 ? <EmptyState icon="file" title={t('files.nothing')} /> : null)}
    </div>
  )
}
