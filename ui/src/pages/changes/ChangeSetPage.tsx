// One change set: what it changed, what undoing it would do, what stands against that.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { typeOf } from '../../fields'
import { showMoment } from '../../fields/date'
import { get, Problem } from '../../lib/api'
import { useTitle } from '../../lib/hooks'
import { type Key, label, t, useLang } from '../../lib/i18n'
import { keys } from '../../lib/keys'
import { Button } from '../../lib/kit'
import { nameOf, useNames } from '../../lib/names'
import { history, useRecord } from '../../lib/records'
import { fieldNamed, isHousekeeping, objectNamed } from '../../lib/schema'
import { complain, explain, toast } from '../../lib/toast'
import type { Conflict } from '../../lib/types'
import { Icon, iconOf } from '../../parts/Icon'
import { Bones, ErrorState } from '../../parts/States'
import css from '../imports/imports.module.css'
import { NotFound } from '../NotFound'
import { dryUndo, type Entry, kindText, setKeys, type SetAnswer, undoSet } from './sets'
import { touched } from './touched'

const verbs: Record<string, Key> = { create: 'verb.create', update: 'verb.update', delete: 'verb.delete', restore: 'verb.restore', undo: 'verb.undo' }

/** What the history of a record says about this change set. */
function useChange(object: string, id: string, set: string, enabled = true) {
  return useQuery({
    queryKey: [...keys.history(object, id), 'set', set], enabled,
    queryFn: async ({ signal }) => (await history(object, id, signal)).changes.filter(c => c.changeset === set),
  })
}

function Now({ object, id, field }: { object: string; id: string; field: string }) {
  const rec = useRecord(object, id)
  const f = fieldNamed(objectNamed(object), field)
  return rec.data && f ? typeOf(f).text(rec.data.fields[field], f) || '—' : '…'
}

/** Field by field: before, with this change, and, where it matters, now. */
function Fields({ object, id, set, only, now }: { object: string; id: string; set: string; only?: string[]; now?: boolean }) {
  useNames()
  const o = objectNamed(object)
  const q = useChange(object, id, set)
  if (q.isLoading) return <Bones rows={2} />
  if (q.isError) return <p className={css.dim}>{explain(q.error)}</p>
  const all = q.data?.flatMap(c => c.fields ?? []) ?? []
  const list = all.filter(c => { const f = fieldNamed(o, c.field); return f && (only ? only.includes(c.field) : !isHousekeeping(f)) })
  if (list.length === 0) return <p className={css.dim}>{t('chg.no_fields')}</p>
  return (
    <table className={css.table}>
      <thead><tr><th scope="col">{t('chg.field')}</th><th scope="col">{t('chg.before')}</th><th scope="col">{t('chg.after')}</th>{now && <th scope="col">{t('chg.now')}</th>}</tr></thead>
      <tbody>
        {list.map(c => {
          const f = fieldNamed(o, c.field)!
          const text = (v: unknown) => typeOf(f).text(v, f) || '—'
          return <tr key={c.field}><td>{label(f.label)}</td><td>{text(c.old)}</td><td>{text(c.new)}</td>{now && <td><b><Now object={object} id={id} field={c.field} /></b></td>}</tr>
        })}
      </tbody>
    </table>
  )
}

function Row({ object, id, verbs: list, set }: { object: string; id: string; verbs: string[]; set: string }) {
  const [open, setOpen] = useState(false)
  const o = objectNamed(object)
  const name = o?.can.read ? nameOf(object, id) : ''
  return (
    <>
      <tr>
        <td><button type="button" className={css.link} aria-expanded={open} aria-label={t('chg.look', { what: name || id })} onClick={() => setOpen(!open)}><Icon name={open ? 'chevronDown' : 'chevronRight'} size={14} /></button></td>
        <td>{name ? <Link className={css.link} to="/o/$object/$id" params={{ object, id }}><Icon name={iconOf(object)} size={14} />{name}</Link> : <span className={css.dim}>{name === undefined ? '…' : t('chg.unseen')}</span>}</td>
        <td>{o ? label(o.label) : object}</td>
        <td>{list.map(v => (verbs[v] ? t(verbs[v]) : v)).join(t('imp.comma'))}</td>
      </tr>
      {open && <tr><td colSpan={4}><Fields object={object} id={id} set={set} /></td></tr>}
    </>
  )
}

function ConflictRow({ c, set }: { c: Conflict; set: string }) {
  const o = objectNamed(c.object)
  const name = nameOf(c.object, c.id)
  return (
    <li>
      <Link className={css.link} to="/o/$object/$id" params={{ object: c.object, id: c.id }}>{name || (o ? label(o.label) : c.object)}</Link>
      {c.fields?.length ? <Fields object={c.object} id={c.id} set={set} only={c.fields} now /> : <p className={css.dim}>{t('chg.conflict.gone')}</p>}
    </li>
  )
}

/** So long a change set can be taken back, in milliseconds: see the API's manual. */
const undoable = 30 * 86_400_000

/** Why a change set cannot be taken back, in the reader's words. */
const why: Record<string, Key> = { too_old: 'chg.why.too_old', already_undone: 'chg.why.already_undone', not_undoable: 'chg.why.not_undoable' }

function Undo({ id, old }: { id: string; old: boolean }) {
  const [looked, setLooked] = useState(false)
  const [busy, setBusy] = useState(false)
  const q = useQuery({ queryKey: setKeys.dry(id), enabled: looked, staleTime: 0, refetchOnWindowFocus: false, retry: false, queryFn: ({ signal }) => dryUndo(id, signal) })
  if (old) return <div className={css.warn}><Icon name="lock" /><span>{t('chg.why.too_old')}</span></div>
  // It is as much work as the change was, so it waits to be asked for.
  if (!looked) return <div><Button variant="default" leftSection={<Icon name="eye" />} onClick={() => setLooked(true)}>{t('chg.preview')}</Button></div>
  if (q.isPending) return <Bones rows={2} />
  if (q.isError) {
    const known = q.error instanceof Problem ? why[q.error.reason] : undefined
    return <div className={css.warn} role="status"><Icon name="lock" /><span>{known ? t(known) : explain(q.error)}</span></div>
  }
  const { changed, conflicts } = q.data!
  const go = async () => {
    setBusy(true)
    try {
      const r = await undoSet(id, conflicts.length > 0)
      toast(t('chg.did_undo', { n: r.changed }), { text: t('chg.redo'), run: () => { undoSet(r.changeset).catch(complain) } })
    } catch (e) { complain(e) }
    setBusy(false)
  }
  return (
    <section className={css.stack}>
      <p role="status">{t('chg.would', { n: changed })}</p>
      {conflicts.length > 0 && (
        <div className={css.stack}>
          <div className={css.warn}><Icon name="alert" /><span>{t('chg.conflicts', { n: conflicts.length })}</span></div>
          <ul className={css.notes}>{conflicts.map(c => <ConflictRow key={c.id} c={c} set={id} />)}</ul>
        </div>
      )}
      <div><Button loading={busy} disabled={changed === 0} leftSection={<Icon name="undo" />} onClick={() => void go()}>{t(conflicts.length ? 'chg.undo.rest' : 'chg.undo', { n: changed })}</Button></div>
    </section>
  )
}

export default function ChangeSetPage() {
  useLang()
  useNames()
  const { id } = useParams({ from: '/changes/$id' })
  const q = useInfiniteQuery({
    queryKey: setKeys.one(id), initialPageParam: '', getNextPageParam: (p: SetAnswer) => p.next_cursor || undefined,
    queryFn: ({ pageParam, signal }) => get<SetAnswer>(`/changesets/${id}`, { query: { cursor: pageParam }, signal }),
  })
  const set = q.data?.pages[0]?.changeset
  useTitle(set ? kindText(set) : t('chg.title'))
  if (q.error instanceof Problem && ['not_found', 'invalid'].includes(q.error.code)) return <NotFound />
  if (q.isError && !q.data) return <ErrorState text={explain(q.error)} onRetry={() => void q.refetch()} />
  if (!set) return <Bones rows={8} />
  const records = touched(q.data!.pages.flatMap(p => p.changes) as Entry[])
  const who = typeof set.fields.created_by === 'string' ? nameOf('user', set.fields.created_by) || t('history.somebody') : t('chg.program')
  const other = (name: string) => { const v = set.fields[name]; return typeof v === 'string' ? v : '' }
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{kindText(set)}</h1>
        <span className={css.dim}>{t('chg.head', { who, when: showMoment(String(set.fields.created_at)), n: Number(set.fields.changes ?? 0) })}</span>
        <span className={css.space} />
        <Link className={css.link} to="/changes">{t('chg.title')}</Link>
      </header>
      <div className={css.scroll}>
        <div className={css.stack}>
          {other('undone_by') && <p className={css.ok}><Icon name="undo" /><span>{t('chg.is_undone')} <Link className={css.link} to="/changes/$id" params={{ id: other('undone_by') }}>{t('chg.by_set')}</Link></span></p>}
          {other('undoes') && <p className={css.ok}><Icon name="undo" /><span>{t('chg.is_undo')} <Link className={css.link} to="/changes/$id" params={{ id: other('undoes') }}>{t('chg.of_set')}</Link></span></p>}
          {!other('undone_by') && set.fields.kind !== 'define' && <Undo id={id} old={Date.now() - Date.parse(String(set.fields.created_at)) > undoable} />}
          <section>
            <h2 className={css.section}>{t('chg.records')}</h2>
            <div className={css.frame} style={{ maxHeight: 'none' }}>
              <table className={`${css.table} ${css.records}`}>
                <thead><tr><th scope="col"><span className="hidden-visually">{t('chg.details')}</span></th><th scope="col">{t('chg.record')}</th><th scope="col">{t('imp.object.name')}</th><th scope="col">{t('chg.done')}</th></tr></thead>
                <tbody>{records.map(r => <Row key={`${r.object} ${r.id}`} {...r} set={id} />)}</tbody>
              </table>
            </div>
            {records.length === 0 && <p className={css.dim}>{t('chg.hidden')}</p>}
          </section>
          {q.hasNextPage && <div><Button size="xs" variant="default" loading={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>{t('chg.more')}</Button></div>}
        </div>
      </div>
    </div>
  )
}
