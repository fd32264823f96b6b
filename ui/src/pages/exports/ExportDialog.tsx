// Taking records out: what, how, and for which purpose. The file is made while it is fetched.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { get, newKey, post, Problem } from '../../lib/api'
import { currentLang, label, noun, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { client } from '../../lib/query'
import { explain } from '../../lib/toast'
import type { components } from '../../lib/schema.gen'
import type { Obj, Page } from '../../lib/types'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import css from '../imports/imports.module.css'
import { exportable, fieldsFor, type Format, formatsOf, mostNamed, named, shortest } from './choice'

type Job = components['schemas']['export']

interface Props {
  object: Obj
  filter: string
  search: string
  /** the fields that the list shows */
  columns: string[]
  /** only these records */
  ids?: string[]
  onClose: () => void
}

/** The records that a search finds, named one by one: an export knows filters only. */
async function found(object: Obj, filter: string, search: string): Promise<string[]> {
  const page = await get<Page>(`/records/${object.name}`, { query: { filter, search, fields: object.title[0], limit: mostNamed + 1 } })
  return page.records.map(r => r.id)
}

/** Has the browser fetch the file, which streams to the disk. */
function fetchFile(path: string) {
  const a = document.createElement('a')
  a.href = path
  a.download = ''
  document.body.append(a)
  a.click()
  a.remove()
}

const words = { xlsx: 'exp.format.xlsx', csv: 'exp.format.csv', json: 'exp.format.json', ndjson: 'exp.format.ndjson', vcf: 'exp.format.vcf' } as const

function Running({ job, object, onClose }: { job: Job; object: Obj; onClose: () => void }) {
  const q = useQuery({
    queryKey: ['exports', 'one', job.id], initialData: job, staleTime: 0, queryFn: ({ signal }) => get<Job>(`/exports/${job.id}`, { signal }),
    refetchInterval: s => (['ready', 'running'].includes(s.state.data?.state ?? '') ? 700 : false),
  })
  const { state, rows } = q.data
  useEffect(() => { if (state === 'done' || state === 'failed') void client.invalidateQueries({ queryKey: ['records', 'export'] }) }, [state])
  return (
    <div className={form.form}>
      <div role="status">
        {state === 'done' && t('exp.done', { n: rows, what: noun(rows === 1 ? object.label : object.plural) })}
        {(state === 'ready' || state === 'running') && t('exp.running')}
      </div>
      {(state === 'ready' || state === 'running') && <progress className={css.bar} aria-label={t('exp.progress')} />}
      {(state === 'failed' || state === 'expired') && <div className={css.alert} role="alert">{t(state === 'failed' ? 'exp.failed' : 'exp.expired')}</div>}
      <div className={form.foot}><Link className={css.link} to="/exports" onClick={onClose}>{t('exp.list')}</Link><Button onClick={onClose} data-autofocus>{t('close')}</Button></div>
    </div>
  )
}

export default function ExportDialog({ object, filter, search, columns, ids, onClose }: Props) {
  const fields = exportable(object)
  const [picked, setPicked] = useState(() => new Set(columns.filter(c => fields.some(f => f.name === c))))
  const [format, setFormat] = useState<Format>('xlsx')
  const [heading, setHeading] = useState<'name' | 'en' | 'zh'>(currentLang() === 'en' ? 'en' : 'zh')
  const [purpose, setPurpose] = useState('')
  const [bad, setBad] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [job, setJob] = useState<Job>()
  const [key] = useState(newKey)
  const count = useQuery({
    queryKey: ['records', object.name, 'export count', filter, search], enabled: !ids, retry: false,
    queryFn: ({ signal }) => get<Page>(`/records/${object.name}`, { query: { filter, search, fields: object.title[0], limit: 1, count: true }, signal }),
  })
  const n = ids ? ids.length : count.data?.count
  const capped = !ids && count.data?.count_capped
  const tooMany = (ids ?? []).length > mostNamed || Boolean(search && !ids && (capped || (n ?? 0) > mostNamed))
  const table = format === 'csv' || format === 'xlsx'
  const what = noun(n === 1 ? object.label : object.plural)
  const toggle = (name: string) => setPicked(was => { const next = new Set(was); if (!next.delete(name)) next.add(name); return next })
  const submit = async (e: FormEvent) => {
    e.preventDefault()
    if ([...purpose.trim()].length < shortest) { setBad(t('exp.purpose.short', { n: shortest })); return }
    setBusy(true)
    setWrong('')
    try {
      const only = ids ? named(ids) : search ? named(await found(object, filter, search)) : filter
      const x = await post<Job>('/exports', {
        object: object.name, filter: only, fields: fieldsFor(fields.filter(f => picked.has(f.name)), format), format, purpose: purpose.trim(), ...(table && { layout: { heading, zone: 'mine' } }),
      }, { repeat: key })
      fetchFile(x.file)
      setJob(x)
    } catch (err) {
      if (err instanceof Problem && err.errors.some(x => x.field === 'purpose')) setBad(t('exp.purpose.long'))
      else setWrong(err instanceof Problem && err.code === 'forbidden' ? t('exp.denied') : explain(err))
    }
    setBusy(false)
  }
  const title = n === undefined ? t('exp.title', { what: noun(object.plural) }) : capped ? t('exp.title.many', { n, what }) : t('exp.title.n', { n, what })
  if (job) return <Dialog title={title} onClose={onClose}><Running job={job} object={object} onClose={onClose} /></Dialog>
  return (
    <Dialog title={title} size={560} onClose={onClose}>
      <form className={form.form} onSubmit={e => void submit(e)}>
        <p className={form.help}>{t(ids ? 'exp.scope.selected' : filter || search ? 'exp.scope.filter' : 'exp.scope.all')}</p>
        {tooMany && <div className={form.note} role="alert">{t('exp.too_many', { n: mostNamed })}</div>}
        <div className={css.row}>
          <label><span className={form.label}>{t('imp.format')}</span>
            <select className={form.input} value={format} onChange={e => setFormat(e.target.value as Format)}>{formatsOf(object).map(f => <option key={f} value={f}>{t(words[f])}</option>)}</select>
          </label>
          {table && (
            <label><span className={form.label}>{t('exp.heading')}</span>
              <select className={form.input} value={heading} onChange={e => setHeading(e.target.value as 'en')}><option value="en">{t('exp.heading.en')}</option><option value="zh">{t('exp.heading.zh')}</option><option value="name">{t('exp.heading.name')}</option></select>
            </label>
          )}
        </div>
        {format !== 'vcf' && (
          <div role="group" aria-label={t('exp.fields')}>
            <div className={css.row} style={{ alignItems: 'center', justifyContent: 'space-between' }}>
              <span className={form.label}>{t('exp.fields.n', { n: picked.size })}</span>
              <button type="button" className={css.link} onClick={() => setPicked(new Set(picked.size === fields.length ? columns : fields.map(f => f.name)))}>{t(picked.size === fields.length ? 'exp.fields.shown' : 'exp.fields.all')}</button>
            </div>
            <div className={css.fields} tabIndex={0} role="group" aria-label={t('exp.fields')}>
              {fields.map(f => <label key={f.name} className={css.check}><input type="checkbox" checked={picked.has(f.name)} onChange={() => toggle(f.name)} /><span>{label(f.label)}</span></label>)}
            </div>
          </div>
        )}
        <label>
          <span className={form.label}>{t('exp.purpose')}<span className={form.must} aria-hidden> *</span></span>
          <input className={form.input} value={purpose} maxLength={200} required data-autofocus aria-invalid={bad ? true : undefined} aria-describedby="exp-note" placeholder={t('exp.purpose.example')} onChange={e => { setPurpose(e.target.value); setBad('') }} />
        </label>
        {bad && <div className={form.error} role="alert">{bad}</div>}
        <div className={form.help} id="exp-note">{t('exp.note')}</div>
        {wrong && <div className={form.alert} role="alert">{wrong}</div>}
        <div className={form.foot}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={busy} disabled={n === undefined || n === 0 || tooMany || (format !== 'vcf' && picked.size === 0)}>{n === undefined ? t('exp.go') : capped ? t('exp.title.many', { n, what }) : t('exp.title.n', { n, what })}</Button>
        </div>
      </form>
    </Dialog>
  )
}
