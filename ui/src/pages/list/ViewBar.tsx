import { type FormEvent, Suspense, useEffect, useState } from 'react'
import { newKey, patch, post } from '../../lib/api'
import { useLate, useStable } from '../../lib/hooks'
import { label, t } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button, Menu, Popover } from '../../lib/kit'
import { composing } from '../../lib/nav'
import { client } from '../../lib/query'
import { remove } from '../../lib/records'
import { fieldNamed, readable } from '../../lib/schema'
import { complain, toast } from '../../lib/toast'
import type { Obj, Rec } from '../../lib/types'
import { typeOf } from '../../fields'
import { Dialog } from '../../parts/Dialog'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { AddFilter } from './Filters'
import { type Layout, layouts } from './layouts'
import css from './list.module.css'
import type { ListState } from './state'

interface Props { object: Obj; state: ListState; views: Rec[]; canMake: boolean; adding: boolean; onAdding: (open: boolean) => void; layout: Layout }

const refetch = (o: Obj) => client.invalidateQueries({ queryKey: keys.views(o.name) })
const kept = (s: ListState, layout: string) => ({ filter: s.filter || null, sort: s.sort || null, columns: s.columns.map(c => c.field.name), layout })

function SaveView({ object, state, layout, onClose }: { object: Obj; state: ListState; layout: string; onClose: () => void }) {
  const [name, setName] = useState('')
  const [shared, setShared] = useState('private')
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)
  const save = async (e: FormEvent) => {
    e.preventDefault()
    setBusy(true)
    try {
      const made = await post<Rec>('/records/view', { fields: { name: name.trim(), for_object: object.name, shared, ...kept(state, layout) } }, { repeat: key })
      await refetch(object)
      state.setView(made.id)
      onClose()
    } catch (err) {
      complain(err)
    }
    setBusy(false)
  }
  return (
    <Dialog title={t('view.save')} size={380} onClose={onClose}>
      <form className={form.form} onSubmit={e => void save(e)}>
        <label><span className={form.label}>{t('view.name')}</span><input className={form.input} value={name} required maxLength={255} data-autofocus onChange={e => setName(e.target.value)} /></label>
        <label><span className={form.label}>{t('view.shared')}</span>
          <select className={form.input} value={shared} onChange={e => setShared(e.target.value)}>{(['private', 'team', 'everyone'] as const).map(x => <option key={x} value={x}>{t(`view.${x}`)}</option>)}</select>
        </label>
        <div className={form.foot}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy} disabled={!name.trim()}>{t('view.save')}</Button></div>
      </form>
    </Dialog>
  )
}

function Columns({ object, state }: { object: Obj; state: ListState }) {
  const [search, setSearch] = useState('')
  const shown = state.columns.map(c => c.field.name)
  const fit = object.fields.filter(f => readable(f) && f.type !== 'secret' && label(f.label).toLowerCase().includes(search.trim().toLowerCase()))
  const toggle = (name: string) => {
    const f = fieldNamed(object, name)!
    state.setColumns(shown.includes(name) ? state.columns.filter(c => c.field.name !== name) : [...state.columns, { field: f, width: typeOf(f).width }])
  }
  return (
    <Popover position="bottom-end" trapFocus returnFocus withinPortal shadow="none" transitionProps={{ duration: 0 }}>
      <Popover.Target><button type="button" className={css.tool} aria-label={t('columns')} title={t('columns')}><Icon name="columns" /><span>{t('columns')}</span></button></Popover.Target>
      <Popover.Dropdown p={8}>
        <input className={form.input} placeholder={t('columns.find')} aria-label={t('columns.find')} value={search} onChange={e => setSearch(e.target.value)} />
        <div className={css.fields} role="group" aria-label={t('columns')} tabIndex={0}>
          {fit.map(f => <label key={f.name}><input type="checkbox" checked={shown.includes(f.name)} disabled={shown.length === 1 && shown[0] === f.name} onChange={() => toggle(f.name)} />{label(f.label)}</label>)}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

function Find({ state }: { state: ListState }) {
  const [text, setText] = useState(state.search)
  const [composed, setComposed] = useState(false)
  const late = useLate(text, 200)
  const apply = useStable((s: string) => { if (s !== state.search) state.set({ search: s }) })
  useEffect(() => { if (!composed) apply(late.trim()) }, [late, composed, apply])
  useEffect(() => { if (!state.search) setText('') }, [state.search])
  return (
    <label className={css.find}>
      <Icon name="search" size={14} />
      <input
        type="text" aria-label={t('search.list')} placeholder={t('search.list')} value={text} maxLength={500} onChange={e => setText(e.target.value)} onCompositionStart={() => setComposed(true)} onCompositionEnd={() => setComposed(false)}
        onKeyDown={e => { if (!composing(e) && e.key === 'Escape') { e.stopPropagation(); if (text) setText(''); else e.currentTarget.blur() } }}
      />
    </label>
  )
}

export function ViewBar({ object, state, views, canMake, adding, onAdding, layout }: Props) {
  const [saving, setSaving] = useState(false)
  const v = state.view
  const update = async () => {
    try {
      await patch(`/records/view/${v!.id}`, { fields: kept(state, layout.id) }, { match: v!.version })
      await refetch(object)
      state.reset()
      toast(t('view.updated'))
    } catch (e) {
      complain(e)
    }
  }
  const drop = () => { remove('view', [v!.id]).then(() => state.setView(''), complain) }
  const fit = layouts.filter(l => l.fits(object))
  if (state.bin) return <div className={css.bar}><button type="button" className={`${css.tool} ${css.words}`} onClick={() => state.setBin(false)}><Icon name="undo" /><span>{t('bin.leave')}</span></button></div>
  return (
    <div className={css.bar}>
      <div className={css.tabs} role="tablist" aria-label={t('views')}>
        <button type="button" role="tab" aria-selected={!v} className={css.tab} onClick={() => state.setView('')}>{t('view.all')}</button>
        {views.map(x => <button key={x.id} type="button" role="tab" aria-selected={v?.id === x.id} className={css.tab} onClick={() => state.setView(x.id)}>{String(x.fields.name)}</button>)}
      </div>
      {v && (v.can.delete || canMake) && (
        <Menu position="bottom-start" shadow="none" width={180} transitionProps={{ duration: 0 }}>
          <Menu.Target><button type="button" className={css.tool} aria-label={t('view.menu', { name: String(v.fields.name) })}><Icon name="chevronDown" size={14} /></button></Menu.Target>
          <Menu.Dropdown>
            {canMake && <Menu.Item onClick={() => setSaving(true)}>{t('view.copy')}</Menu.Item>}
            {v.can.delete && <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={drop}>{t('view.delete')}</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
      {state.dirty && v?.can.update && <button type="button" className={`${css.tool} ${css.words}`} onClick={() => void update()}><Icon name="check" size={14} /><span>{t('view.update')}</span></button>}
      {state.dirty && canMake && !v && <button type="button" className={`${css.tool} ${css.words}`} onClick={() => setSaving(true)}><Icon name="plus" size={14} /><span>{t('view.save')}</span></button>}
      {state.dirty && <button type="button" className={css.tool} onClick={state.reset} title={t('view.reset')} aria-label={t('view.reset')}><Icon name="undo" size={14} /></button>}
      <span className={css.space} />
      {layout.id === 'list' && state.group && <button type="button" className={`${css.tool} ${css.words}`} aria-pressed onClick={() => state.set({ group: '' })} title={t('group.end')}><Icon name="stack" size={14} /><span>{t('group.by.what', { field: label(fieldNamed(object, state.group)?.label) })}</span><Icon name="x" size={12} /></button>}
      {!(layout.id === 'list' && state.group) && <Find state={state} />}
      <AddFilter object={object} filter={state.filter} onFilter={filter => state.set({ filter })} adding={adding} onAdding={onAdding} />
      {layout.Tools && <Suspense fallback={null}><layout.Tools object={object} state={state} /></Suspense>}
      {layout.id === 'list' && <Columns object={object} state={state} />}
      {fit.length > 1 && fit.map(l => <button key={l.id} type="button" className={css.tool} aria-pressed={l === layout} title={t(l.text)} aria-label={t(l.text)} onClick={() => state.set({ layout: l.id })}><Icon name={l.icon} /></button>)}
      {saving && <SaveView object={object} state={state} layout={layout.id} onClose={() => setSaving(false)} />}
    </div>
  )
}
