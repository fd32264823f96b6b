// One object: its fields at the left, what is chosen at the right.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { useActions } from '../../lib/actions'
import { useNarrow, useTitle } from '../../lib/hooks'
import { label, t, useLang } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { useObject } from '../../lib/schema'
import { useSession } from '../../lib/session'
import { explain, toast } from '../../lib/toast'
import type { Definition, DefinedField } from '../../lib/types'
import form from '../../parts/form.module.css'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, EmptyState, ErrorState } from '../../parts/States'
import { NotFound } from '../NotFound'
import { useCount, useDefinitions } from './data'
import { blank, type Draft, draftOf, sealed, typeGroups, type TypeName } from './draft'
import { FieldForm } from './FieldForm'
import { ObjectForm } from './ObjectForm'
import css from './objects.module.css'
import { SaveDialog } from './SaveDialog'
import { TypeIcon } from './TypeIcon'

/** What is being written survives another field being looked at, and another page. */
const drafts = new Map<string, Draft>()

export default function ObjectPage() {
  useLang()
  const { object } = useParams({ from: '/admin/objects/$object' })
  const session = useSession()
  const q = useDefinitions(Boolean(session.can.define))
  const o = q.data?.find(x => x.name === object)
  useTitle(o ? label(o.plural) : t('adm.title'))
  if (!session.can.define) return <NotFound />
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  if (!q.data) return <Bones rows={12} />
  if (!o) return <NotFound />
  return <Editor key={o.name} o={o} all={q.data} />
}

function Editor({ o, all }: { o: Definition; all: Definition[] }) {
  const { field: chosen = '' } = useSearch({ from: '/admin/objects/$object' })
  const navigate = useNavigate()
  const [version, paint] = useState(0)
  const [hiding, setHiding] = useState<DefinedField | null>(null)
  const usable = useObject(o.name)
  const narrow = useNarrow(900)
  const count = useCount(o.name, Boolean(usable?.can.read))
  const show = (field: string) => void navigate({ to: '/admin/objects/$object', params: { object: o.name }, search: field ? { field } : {}, replace: !narrow })
  const field = o.fields.find(f => f.name === chosen)
  const isNew = chosen === '+'
  const key = `${o.name}:${chosen}`
  const draft = drafts.get(key) ?? (field ? draftOf(field) : undefined)
  const same = (d: Draft) => field !== undefined && JSON.stringify(d) === JSON.stringify(draftOf(field))
  const keep = (d: Draft | undefined) => { if (d && !same(d)) drafts.set(key, d); else drafts.delete(key); paint(version + 1) }
  useActions([{ id: 'new-field', text: t('adm.new_field'), icon: 'plus', keys: 'c', run: () => show('+') }], `${o.name} ${useLang()}`)
  useEffect(() => {
    const warn = (e: BeforeUnloadEvent) => { if (drafts.size > 0) e.preventDefault() }
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [])
  const left = !narrow || !chosen
  const right = !narrow || chosen
  return (
    <div className={css.page}>
      <header className={css.head}>
        {narrow && chosen ? <button type="button" className={css.tool} aria-label={t('adm.back_to_fields')} onClick={() => show('')}><Icon name="chevronRight" /></button>
          : <Link to="/admin/objects" className={css.crumb}>{t('adm.title')}</Link>}
        <span aria-hidden className={css.none}>/</span>
        <h1><Icon name={iconOf(o.name)} size={18} /> {label(o.plural)}</h1>
        {o.archived && <span className={css.badge}>{t('adm.archived')}</span>}
        <span className={css.space} />
        <Button size="xs" variant="default" onClick={() => show('*')}>{t('adm.object.settings')}</Button>
        {!o.written && <Button size="xs" leftSection={<Icon name="plus" />} onClick={() => show('+')}>{t('adm.new_field')}</Button>}
      </header>
      {o.sealing && <div className={css.progress} role="status"><Icon name="lock" size={14} /> <span>{count && !count.more ? t('adm.sealing.of', { n: o.sealing.done, of: count.n }) : t('adm.sealing', { n: o.sealing.done })}</span><progress max={count && !count.more ? Math.max(1, count.n) : undefined} value={count && !count.more ? Math.min(o.sealing.done, count.n) : undefined} aria-label={t('adm.sealing.name')} /></div>}
      <div className={css.panes}>
        {left && <FieldList o={o} chosen={chosen} onChoose={show} />}
        {right && (
          <section className={css.right} aria-label={field ? label(field.label) : t('adm.field')}>
            {chosen === '*' ? <ObjectForm key={o.name} o={o} onGone={() => void navigate({ to: '/admin/objects' })} onRenamed={name => void navigate({ to: '/admin/objects/$object', params: { object: name }, search: { field: '*' }, replace: true })} />
              : isNew && !draft ? <TypePicker onPick={type => keep(blank(type))} />
              : field && draft ? (
                <>
                  <FieldHead field={field} onHide={() => setHiding(field)} />
                  {field.archived ? <EmptyState icon="box" title={t('adm.field.is_archived')} text={t('adm.field.is_archived.text')} /> : (
                    <FieldForm key={chosen} object={o} all={all} field={field} draft={draft} dirty={!same(draft)} readable={Boolean(usable?.can.read)} onDraft={keep} onDrop={() => keep(undefined)} onSaved={name => { drafts.delete(key); show(name) }} />
                  )}
                </>
              ) : isNew && draft ? (
                <>
                  <div className={css.fieldHead}><h2>{t('adm.new_field')}</h2></div>
                  <FieldForm key={`+${draft.type}`} object={o} all={all} draft={draft} dirty readable={Boolean(usable?.can.read)} onDraft={keep} onType={() => keep(undefined)} onDrop={() => { drafts.delete(key); show('') }} onSaved={name => { drafts.delete(key); show(name) }} />
                </>
              ) : <EmptyState icon="columns" title={t('adm.pick')} text={t('adm.pick.text')} />}
          </section>
        )}
      </div>
      {hiding && (
        <SaveDialog
          title={t(hiding.archived ? 'adm.bring_back.title' : 'adm.archive.title', { what: label(hiding.label) })} change={{ method: 'PATCH', path: `/objects/${o.name}/fields/${hiding.name}`, body: { archived: !hiding.archived } }}
          differences={[{ what: 'adm.shown', old: t(hiding.archived ? 'no' : 'yes'), now: t(hiding.archived ? 'yes' : 'no') }]} then={[{ key: hiding.archived ? 'adm.then.bring_back' : 'adm.then.archive' }]} onClose={() => setHiding(null)} onRefused={() => {}}
          onDone={() => { drafts.delete(key); setHiding(null); toast(t('adm.saved', { what: label(hiding.label) })) }}
        />
      )}
    </div>
  )
}

function FieldHead({ field, onHide }: { field: DefinedField; onHide: () => void }) {
  return (
    <div className={css.fieldHead}>
      <h2>{label(field.label)}</h2>
      {field.archived && <span className={css.badge}>{t('adm.archived')}</span>}
      <span className={css.space} />
      {field.custom && <Button size="xs" variant="default" leftSection={<Icon name={field.archived ? 'undo' : 'box'} />} onClick={onHide}>{t(field.archived ? 'adm.bring_back' : 'adm.archive')}</Button>}
    </div>
  )
}

function FieldList({ o, chosen, onChoose }: { o: Definition; chosen: string; onChoose: (name: string) => void }) {
  const [search, setSearch] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const fits = (f: DefinedField) => !search || `${f.name} ${f.label.en} ${f.label.zh}`.toLowerCase().includes(search.toLowerCase())
  const groups = [
    { title: t('adm.fields.main'), list: o.fields.filter(f => !f.system && !f.archived && fits(f)), open: true },
    { title: t('adm.fields.archived'), list: o.fields.filter(f => f.archived && fits(f)), open: Boolean(search) },
    { title: t('adm.fields.system'), list: o.fields.filter(f => f.system && fits(f)), open: Boolean(search) },
  ].filter(g => g.list.length > 0)
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return
    const rows = [...(box.current?.querySelectorAll<HTMLElement>('button[data-field]') ?? [])].filter(x => x.offsetParent)
    const at = rows.indexOf(document.activeElement as HTMLElement)
    const to = rows[at + (e.key === 'ArrowDown' ? 1 : -1)]
    if (to) { e.preventDefault(); to.focus() }
  }
  return (
    <nav className={css.left} aria-label={t('adm.fields')} onKeyDown={onKeyDown}>
      <div className={css.find}><input className={form.input} value={search} onChange={e => setSearch(e.target.value)} aria-label={t('adm.find')} placeholder={t('adm.find')} /></div>
      <div ref={box} className={css.list}>
        {groups.map(g => (
          <details key={`${g.title}${g.open}`} open={g.open || g.list.some(f => f.name === chosen)}>
            <summary>{g.title} <span className={css.none}>{g.list.length}</span></summary>
            <ul>{g.list.map(f => <li key={f.name}><FieldButton f={f} on={f.name === chosen} draft={drafts.has(`${o.name}:${f.name}`)} onChoose={onChoose} /></li>)}</ul>
          </details>
        ))}
        {groups.length === 0 && <p className={css.nothing}>{t('adm.find.none')}</p>}
      </div>
    </nav>
  )
}

function FieldButton({ f, on, draft, onChoose }: { f: DefinedField; on: boolean; draft: boolean; onChoose: (name: string) => void }) {
  return (
    <button type="button" data-field className={css.field} aria-current={on ? 'true' : undefined} onClick={() => onChoose(f.name)}>
      <span className={css.kind}><TypeIcon type={f.type} /></span>
      <span className={css.fieldName}><span>{label(f.label)}{f.required && <span className={form.must} title={t('adm.required')}> *<span className="hidden-visually">{t('adm.required')}</span></span>}</span><code>{f.name}</code></span>
      {draft && <span className={css.dot} title={t('adm.unsaved')}><span className="hidden-visually">{t('adm.unsaved')}</span></span>}
      {f.unique && <span className={css.chip}>{t('adm.unique.short')}</span>}
      {f.class !== 'internal' && <span className={`${css.chip} ${sealed(f.class) ? css.sealed : ''}`}>{sealed(f.class) && <Icon name="lock" size={11} />}{t(`adm.class.${f.class}`)}</span>}
    </button>
  )
}

function TypePicker({ onPick }: { onPick: (type: TypeName) => void }) {
  const first = useRef<HTMLButtonElement>(null)
  useEffect(() => first.current?.focus(), [])
  return (
    <div className={css.types}>
      <h2>{t('adm.type.pick')}</h2>
      {typeGroups.map((g, n) => (
        <section key={g.title}>
          <h3 className={css.small}>{t(g.title)}</h3>
          <div className={css.typeGrid}>
            {g.types.map((x, i) => (
              <button key={x} ref={n === 0 && i === 0 ? first : undefined} type="button" className={css.type} onClick={() => onPick(x)}>
                <span className={css.kind}><TypeIcon type={x} size={18} /></span><span><b>{t(`adm.type.${x}`)}</b><span>{t(`adm.type_help.${x}`)}</span></span>
              </button>
            ))}
          </div>
        </section>
      ))}
    </div>
  )
}
