// Filters as chips: field, operator, value. What chips cannot show is edited as text.
import { useId, useState } from 'react'
import { typeOf } from '../../fields'
import { get, Problem } from '../../lib/api'
import { all, bare, type Group, isGroup, type Node, read, type Rule, type Value, write } from '../../lib/cel'
import { label, t } from '../../lib/i18n'
import { Button, Popover } from '../../lib/kit'
import { useNames } from '../../lib/names'
import { complain, explain } from '../../lib/toast'
import type { Obj, Page } from '../../lib/types'
import { Choose } from '../../parts/Choose'
import form from '../../parts/form.module.css'
import { Icon } from '../../parts/Icon'
import { complete, fieldAt, filterable, forEditing, forWriting, opText, pathText, valueText } from './fields'
import css from './list.module.css'

interface Props { object: Obj; filter: string; onFilter: (cel: string) => void; adding: boolean; onAdding: (open: boolean) => void }

function RuleEditor({ object, rule, onDone, onText }: { object: Obj; rule?: Rule; onDone: (r: Rule) => void; onText: () => void }) {
  const known = rule && fieldAt(object, rule.path)
  const [r, setR] = useState<Rule | undefined>(rule && known && forEditing(rule, known))
  const [bad, setBad] = useState<string | null>(null)
  const id = useId()
  const f = r && fieldAt(object, r.path)
  const fields = filterable(object).map(x => ({ key: x.name, text: label(x.label) }))
  if (!r || !f) {
    return (
      <div className={css.ruleForm}>
        <Choose name={t('filter.field')} place="filter" autoFocus chosen={[]} choices={fields} onChange={k => { const x = k[0] && fieldAt(object, k[0]); if (x) setR({ path: x.name, op: typeOf(x).ops[0]! }) }} />
        <button type="button" className={form.more} onClick={onText}>{t('filter.as_text')}</button>
      </div>
    )
  }
  const k = typeOf(f)
  const ops = k.ops.includes(r.op) ? k.ops : [r.op, ...k.ops]
  const done = (x: Rule) => { if (complete(x) && !bad) onDone(forWriting(x)) }
  const needsValue = !bare.includes(r.op)
  return (
    <form className={css.ruleForm} onSubmit={e => { e.preventDefault(); done(r) }}>
      <b>{pathText(object, r.path)}</b>
      <select className={form.input} aria-label={t('filter.op')} value={r.op} onChange={e => { const op = e.target.value as Rule['op']; const x = { ...r, op }; setR(x); if (bare.includes(op)) done(x) }}>
        {ops.map(op => <option key={op} value={op}>{opText(op, f)}</option>)}
      </select>
      {needsValue && k.Filter && <k.Filter id={id} key={r.op} field={f} name={label(f.label)} place="filter" autoFocus value={r.value ?? null} invalid={bad !== null} onBad={setBad} onChange={v => setR(was => was && { ...was, value: v as Value })} />}
      {bad && <div className={form.error} role="alert">{bad}</div>}
      <div className={form.foot}><Button type="submit" size="xs" disabled={!complete(r) || bad !== null}>{t('filter.apply')}</Button></div>
    </form>
  )
}

function TextEditor({ object, filter, onDone }: { object: Obj; filter: string; onDone: (cel: string) => void }) {
  const [text, setText] = useState(filter)
  const [bad, setBad] = useState('')
  const apply = async () => {
    // The server reads it; it knows the schema and says where a mistake is.
    try {
      await get<Page>(`/records/${object.name}`, { query: { filter: text, limit: 1, fields: object.title.join(',') } })
      onDone(text.trim())
    } catch (e) {
      if (e instanceof Problem && e.code === 'invalid') setBad(explain(e))
      else complain(e)
    }
  }
  return (
    <div className={css.ruleForm}>
      <textarea className={`${form.input} ${css.cel}`} rows={4} autoFocus aria-label={t('filter.text')} value={text} spellCheck={false} onChange={e => { setText(e.target.value); setBad('') }} onKeyDown={e => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) void apply() }} placeholder='amount > 1000 && owner == me()' />
      {bad && <pre className={`${form.alert} ${css.celBad}`} role="alert">{bad}</pre>}
      <div className={form.foot}><span className={form.help}>{t('filter.text.help')}</span><Button size="xs" onClick={() => void apply()}>{t('filter.apply')}</Button></div>
    </div>
  )
}

function Chip({ object, node, onChange, onRemove, onText }: { object: Obj; node: Node; onChange: (r: Rule) => void; onRemove: () => void; onText: () => void }) {
  const [open, setOpen] = useState(false)
  const f = isGroup(node) ? undefined : fieldAt(object, node.path)
  const shown = isGroup(node) || !f ? undefined : forEditing(node, f)
  const words = (n: Node): string => {
    if (isGroup(n)) return `(${n.items.map(words).join(` ${t(n.join === '||' ? 'filter.or' : 'filter.and')} `)})`
    const x = fieldAt(object, n.path)
    const e = x ? forEditing(n, x) : n
    return [pathText(object, n.path), opText(e.op, x), valueText(e.value, x)].filter(Boolean).join(' ')
  }
  return (
    <span className={css.chip}>
      <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus withinPortal shadow="none" transitionProps={{ duration: 0 }}>
        <Popover.Target>
          <button type="button" className={css.chipText} title={words(node)} onClick={() => { if (shown) setOpen(true); else onText() }}>
            {shown ? <><span>{pathText(object, shown.path)}</span> <span className={css.chipOp}>{opText(shown.op, f)}</span> <b>{valueText(shown.value, f)}</b></> : words(node)}
          </button>
        </Popover.Target>
        <Popover.Dropdown p={12}>{!isGroup(node) && <RuleEditor object={object} rule={node} onText={onText} onDone={r => { setOpen(false); onChange(r) }} />}</Popover.Dropdown>
      </Popover>
      <button type="button" className={css.chipX} aria-label={t('filter.remove', { what: words(node) })} onClick={onRemove}><Icon name="x" size={12} /></button>
    </span>
  )
}

/** The button that adds a filter, for the bar of controls. */
export function AddFilter({ object, filter, onFilter, adding, onAdding }: Props) {
  const [text, setText] = useState(false)
  const group = read(filter)
  const asText = text || (adding && group === null)
  const shut = () => { onAdding(false); setText(false) }
  const add = (r: Rule) => {
    shut()
    const g: Group = group ?? all()
    // A condition is added to what is there; of an "or" it becomes one more possibility.
    onFilter(write({ join: g.items.length > 1 ? g.join : '&&', items: [...g.items, r] }))
  }
  return (
    <Popover opened={adding || text} onChange={o => { if (!o) shut() }} position="bottom-start" trapFocus returnFocus withinPortal shadow="none" transitionProps={{ duration: 0 }}>
      <Popover.Target><button type="button" className={css.tool} aria-label={t('filter')} title={t('filter.add')} aria-expanded={adding} onClick={() => onAdding(!adding)}><Icon name="filter" /><span>{t('filter')}</span></button></Popover.Target>
      <Popover.Dropdown p={12}>
        {asText ? <TextEditor object={object} filter={filter} onDone={cel => { shut(); onFilter(cel) }} /> : <RuleEditor object={object} onDone={add} onText={() => setText(true)} />}
      </Popover.Dropdown>
    </Popover>
  )
}

export function Chips({ object, filter, onFilter }: Pick<Props, 'object' | 'filter' | 'onFilter'>) {
  useNames()
  const [text, setText] = useState(false)
  const group = read(filter)
  if (!filter) return null
  const editor = (
    <Popover withRoles={false} opened={text} onChange={setText} position="bottom-start" trapFocus returnFocus withinPortal shadow="none" transitionProps={{ duration: 0 }}>
      <Popover.Target>{group ? <span /> : <button type="button" className={`${css.chip} ${css.cel}`} onClick={() => setText(true)} title={filter}>{filter}</button>}</Popover.Target>
      <Popover.Dropdown p={12}><TextEditor object={object} filter={filter} onDone={cel => { setText(false); onFilter(cel) }} /></Popover.Dropdown>
    </Popover>
  )
  if (!group) return <div className={css.chips}>{editor}<button type="button" className={form.more} onClick={() => onFilter('')}>{t('filter.clear')}</button></div>
  const put = (items: Node[], join = group.join) => onFilter(write({ join, items }))
  return (
    <div className={css.chips} role="group" aria-label={t('filter.active')}>
      {group.items.map((n, i) => (
        <span key={i} className={css.chipWrap}>
          {i > 0 && <button type="button" className={css.join} title={t('filter.join')} onClick={() => put(group.items, group.join === '&&' ? '||' : '&&')}>{t(group.join === '&&' ? 'filter.and' : 'filter.or')}</button>}
          <Chip object={object} node={n} onText={() => setText(true)} onChange={r => put(group.items.map((x, k) => (k === i ? r : x)))} onRemove={() => put(group.items.filter((_, k) => k !== i))} />
        </span>
      ))}
      {editor}
      <button type="button" className={form.more} onClick={() => onFilter('')}>{t('filter.clear')}</button>
    </div>
  )
}
