// What can be done to several records at once. Every change is previewed by the server first, is one
// change set, and can be taken back.
import { lazy, Suspense, useState } from 'react'
import { typeOf } from '../../fields'
import { get } from '../../lib/api'
import { label, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { batch, batchLimit, remove, runBatch } from '../../lib/records'
import { askable, fieldNamed } from '../../lib/schema'
import { complain, toast } from '../../lib/toast'
import type { BatchAnswer, Obj, Operation, Page } from '../../lib/types'
import { Choose } from '../../parts/Choose'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import css from './list.module.css'
import type { ListState } from './state'

const ExportDialog = lazy(() => import('../exports/ExportDialog'))

interface Props { object: Obj; state: ListState; selected: Set<string>; onSelect: (ids: Set<string>) => void }

/** The records that fit the list, as many as one change takes. */
async function matching(o: Obj, s: ListState): Promise<{ ids: string[]; more: boolean }> {
  const ids: string[] = []
  let cursor = ''
  do {
    const page: Page = await get<Page>(`/records/${o.name}`, { query: { filter: s.filter, search: s.search, sort: s.sort, fields: o.title[0], limit: 500, cursor, deleted: s.bin } })
    ids.push(...page.records.map(r => r.id))
    cursor = page.next_cursor
  } while (cursor && ids.length < batchLimit)
  return { ids: ids.slice(0, batchLimit), more: Boolean(cursor) || ids.length > batchLimit }
}

function EditMany({ object, ids, onClose }: { object: Obj; ids: string[]; onClose: (changed: boolean) => void }) {
  const [name, setName] = useState('')
  const [value, setValue] = useState<unknown>(null)
  const [bad, setBad] = useState<string | null>(null)
  const [preview, setPreview] = useState<BatchAnswer>()
  const [busy, setBusy] = useState(false)
  const f = fieldNamed(object, name)
  const operations = ids.map((id): Operation => ({ op: 'update', object: object.name, id, fields: { [name]: value } as Operation['fields'] }))
  const act = async (run: () => Promise<void>) => { setBusy(true); try { await run() } catch (e) { complain(e) } setBusy(false) }
  const look = () => act(async () => setPreview(await batch(operations, true, true)))
  const apply = () => act(async () => {
    const failed = await runBatch(object.name, operations, true, n => t('bulk.changed', { n }))
    if (failed) toast(t('bulk.failed', { n: failed }), undefined, true)
    onClose(true)
  })
  const Form = f && typeOf(f).Form
  const reasons = new Map<string, number>()
  for (const r of preview?.results ?? []) if ('detail' in r) reasons.set(r.detail, (reasons.get(r.detail) ?? 0) + 1)
  return (
    <Dialog title={t('bulk.title', { n: ids.length })} onClose={() => onClose(false)}>
      <div className={form.form}>
        <div><span className={form.label}>{t('filter.field')}</span>
          <Choose name={t('filter.field')} place="form" autoFocus chosen={f ? [{ key: f.name, text: label(f.label) }] : []} choices={object.fields.filter(askable).map(x => ({ key: x.name, text: label(x.label) }))} onChange={k => { setName(k[0] ?? ''); setValue(null); setBad(null); setPreview(undefined) }} />
        </div>
        {Form && f && <div><span className={form.label}>{t('bulk.value')}</span><Form key={f.name} field={f} name={t('bulk.value')} place="form" value={value} invalid={bad !== null} onBad={setBad} onChange={v => { setValue(v); setPreview(undefined) }} /><div className={form.help}>{t('bulk.empty')}</div></div>}
        {bad && <div className={form.error} role="alert">{bad}</div>}
        {preview && (
          <div role="status">
            <p>{t('bulk.preview', { n: ids.length - preview.failed, bad: preview.failed })}</p>
            {reasons.size > 0 && <ul className={css.bad}>{[...reasons].map(([why, n]) => <li key={why}>{why} ({n})</li>)}</ul>}
          </div>
        )}
        <div className={form.foot}>
          <Button variant="default" onClick={() => onClose(false)}>{t('cancel')}</Button>
          {preview ? <Button loading={busy} disabled={ids.length === preview.failed} onClick={() => void apply()}>{t('bulk.apply', { n: ids.length - preview.failed })}</Button> : <Button loading={busy} disabled={!f || bad !== null} onClick={() => void look()}>{t('bulk.look')}</Button>}
        </div>
      </div>
    </Dialog>
  )
}

export default function Bulk({ object, state, selected, onSelect }: Props) {
  const [editing, setEditing] = useState(false)
  const [exporting, setExporting] = useState(false)
  const ids = [...selected]
  const clear = () => onSelect(new Set())
  const all = () => { matching(object, state).then(r => { onSelect(new Set(r.ids)); if (r.more) toast(t('bulk.limit', { n: batchLimit })) }, complain) }
  const drop = () => { remove(object.name, ids).then(failed => { clear(); if (failed) toast(t('bulk.failed', { n: failed }), undefined, true) }, complain) }
  const restore = () => {
    runBatch(object.name, ids.map(id => ({ op: 'restore', object: object.name, id })), true, n => t('bulk.restored', { n })).then(failed => { clear(); if (failed) toast(t('bulk.failed', { n: failed }), undefined, true) }, complain)
  }
  const tooMany = ids.length > batchLimit
  return (
    <div className={`${css.bar} ${css.bulk}`} role="toolbar" aria-label={t('bulk')}>
      <b role="status">{t('bulk.selected', { n: ids.length })}</b>
      {!state.group && <button type="button" className={`${css.tool} ${css.words}`} onClick={all}><span>{t('bulk.all')}</span></button>}
      {state.bin
        ? <button type="button" className={`${css.tool} ${css.words}`} disabled={tooMany} onClick={restore}><Icon name="undo" /><span>{t('restore')}</span></button>
        : <>
            {object.can.update && <button type="button" className={`${css.tool} ${css.words}`} disabled={tooMany} onClick={() => setEditing(true)}><Icon name="note" /><span>{t('edit')}</span></button>}
            {object.can.export && <button type="button" className={`${css.tool} ${css.words}`} onClick={() => setExporting(true)}><Icon name="up" /><span>{t('exp.open')}</span></button>}
            {object.can.delete && <button type="button" className={`${css.tool} ${css.words}`} disabled={tooMany} onClick={drop}><Icon name="trash" /><span>{t('delete')}</span></button>}
          </>}
      <span className={css.space} />
      <button type="button" className={`${css.tool} ${css.words}`} onClick={clear}><span>{t('bulk.clear')}</span><kbd>Esc</kbd></button>
      {exporting && <Suspense fallback={null}><ExportDialog object={object} filter="" search="" columns={state.columns.map(c => c.field.name)} ids={ids} onClose={() => setExporting(false)} /></Suspense>}
      {editing && <EditMany object={object} ids={ids} onClose={changed => { setEditing(false); if (changed) clear() }} />}
    </div>
  )
}
