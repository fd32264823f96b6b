// The first step: for what, and which file.
import { useQuery } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { type DragEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'
import { showMoment } from '../../fields/date'
import { get, Problem } from '../../lib/api'
import { quote } from '../../lib/cel'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useObjects } from '../../lib/schema'
import type { Page } from '../../lib/types'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { fileProblem, type Reading, sendFile } from './api'
import css from './imports.module.css'
import { importable } from './importable'
import type { Import } from './plan'

const largest = 512 << 20

function Leaving({ sending }: { sending: RefObject<boolean> }) {
  const block = useBlocker({ shouldBlockFn: () => sending.current, enableBeforeUnload: () => sending.current, withResolver: true })
  if (block.status !== 'blocked') return null
  return (
    <Dialog title={t('imp.leave')} onClose={block.reset}>
      <div className={form.form}>
        <p>{t('imp.leave.text')}</p>
        <div className={form.foot}><Button variant="default" onClick={block.reset} data-autofocus>{t('imp.stay')}</Button><Button color="red" onClick={block.proceed}>{t('imp.leave.go')}</Button></div>
      </div>
    </Dialog>
  )
}

export function FileStep({ object, onObject, onSent }: { object: string; onObject: (name: string) => void; onSent: (x: Import) => void }) {
  const objects = importable(useObjects())
  const [like, setLike] = useState('')
  const [share, setShare] = useState<number | null>(null)
  const [bad, setBad] = useState<unknown>()
  const [file, setFile] = useState<File>()
  const [over, setOver] = useState(false)
  const stop = useRef<AbortController>(undefined)
  const sending = useRef(false)
  const input = useRef<HTMLInputElement>(null)
  const id = useId()
  const o = objects.find(x => x.name === object)
  const earlier = useQuery({
    queryKey: ['records', 'import', 'of', object], enabled: Boolean(o), staleTime: 60_000,
    queryFn: async () => (await get<Page>('/records/import', { query: { filter: `for_object == ${quote(object)}`, limit: 20, fields: 'for_object,format,created,updated,created_at' } })).records,
  })
  useEffect(() => () => stop.current?.abort(), [])

  const send = async (f: File, reading: Reading = {}) => {
    setFile(f)
    setBad(undefined)
    if (f.size > largest) { setBad(new Problem('too_large', 413, '', 'file_too_large')); return }
    if (f.size === 0) { setBad(new Problem('invalid', 422, '', 'empty_file')); return }
    stop.current = new AbortController()
    setShare(0)
    sending.current = true
    try {
      const x = await sendFile(f, { object, like: like || undefined, ...reading }, setShare, stop.current.signal)
      sending.current = false
      onSent(x)
    } catch (e) {
      sending.current = false
      setShare(null)
      if (!(e instanceof Problem && e.code === 'aborted')) setBad(e)
    }
  }
  const take = (list: FileList | null) => { const f = list?.[0]; if (f) void send(f) }
  const onDrop = (e: DragEvent) => { e.preventDefault(); setOver(false); if (o) take(e.dataTransfer.files) }
  const reason = bad instanceof Problem ? bad.reason : ''
  return (
    <div className={css.scroll}>
      <Leaving sending={sending} />
      <div className={`${css.stack} ${css.prose}`}>
        <div className={css.row}>
          <label><span className={form.label}>{t('imp.object')}</span>
            <select className={form.input} value={o?.name ?? ''} disabled={share !== null} onChange={e => { onObject(e.target.value); setLike('') }}>
              {!o && <option value="">{t('imp.object.choose')}</option>}
              {objects.map(x => <option key={x.name} value={x.name}>{label(x.plural)}</option>)}
            </select>
          </label>
          {o && (earlier.data?.length ?? 0) > 0 && (
            <label><span className={form.label}>{t('imp.like')}</span>
              <select className={form.input} value={like} disabled={share !== null} onChange={e => setLike(e.target.value)}>
                <option value="">{t('imp.like.none')}</option>
                {earlier.data!.map(r => <option key={r.id} value={r.id}>{t('imp.like.of', { when: showMoment(String(r.fields.created_at)), n: Number(r.fields.created ?? 0) + Number(r.fields.updated ?? 0) })}</option>)}
              </select>
            </label>
          )}
        </div>
        {share === null ? (
          <label className={`${css.drop} ${over ? css.over : ''}`} onDragOver={e => { e.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)} onDrop={onDrop} aria-disabled={!o || undefined}>
            <Icon name="file" size={28} />
            <b>{t(o ? 'imp.drop' : 'imp.object.first')}</b>
            <span id={id}>{t('imp.formats')}</span>
            <input ref={input} type="file" className="hidden-visually" disabled={!o} aria-describedby={id} accept=".csv,.tsv,.txt,.xlsx,.vcf,text/csv,text/tab-separated-values,text/vcard" onChange={e => { take(e.target.files); e.target.value = '' }} />
          </label>
        ) : (
          <div className={form.form} role="status">
            <div>{share < 1 ? t('imp.sending', { name: file?.name ?? '', share: Math.round(share * 100) }) : t('imp.reading', { name: file?.name ?? '' })}</div>
            <progress className={css.bar} max={1} value={share < 1 ? share : undefined} aria-label={t('imp.progress')} />
            <div><Button size="xs" variant="default" onClick={() => stop.current?.abort()}>{t('cancel')}</Button></div>
          </div>
        )}
        {bad !== undefined && (
          <div className={css.stack}>
            <div className={css.alert} role="alert"><Icon name="alert" /><div><b>{file?.name}</b><div>{fileProblem(bad)}</div></div></div>
            {(reason === 'bad_encoding' || reason === 'open_quote') && file && (
              <div className={css.row}>
                <label><span className={form.label}>{t('imp.encoding.try')}</span>
                  <select className={form.input} value="" onChange={e => void send(file, { encoding: e.target.value })}>
                    <option value="">{t('imp.encoding.choose')}</option>
                    {(['utf-8', 'gb18030', 'windows-1252', 'utf-16le', 'utf-16be'] as const).map(w => <option key={w} value={w}>{t(`imp.encoding.${w}`)}</option>)}
                  </select>
                </label>
              </div>
            )}
          </div>
        )}
        <p className={css.dim}>{t('imp.safe')}</p>
      </div>
    </div>
  )
}
