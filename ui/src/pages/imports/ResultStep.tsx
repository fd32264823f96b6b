// What an import did, and the ways on from there.
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { noun, t } from '../../lib/i18n'
import { Button } from '../../lib/kit'
import { client } from '../../lib/query'
import { complain } from '../../lib/toast'
import type { Obj } from '../../lib/types'
import { Icon } from '../../parts/Icon'
import { offerUndo, showSet, standsAgainst, undoSet } from '../changes/sets'
import { Tiles } from './CheckStep'
import css from './imports.module.css'
import { doing, type Import } from './plan'

export function ResultStep({ x, object, onAgain }: { x: Import; object: Obj; onAgain: () => void }) {
  const navigate = useNavigate()
  const [undone, setUndone] = useState(false)
  const [busy, setBusy] = useState(false)
  const r = x.result!
  const n = doing(r)
  const text = t('imp.done', { n, what: noun(n === 1 ? object.label : object.plural) })
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['records'] })
    void client.invalidateQueries({ queryKey: ['objects'] })
    offerUndo(r.changeset, text)
  }, [r.changeset])
  const act = async (run: () => Promise<unknown>) => { setBusy(true); try { await run() } catch (e) { if (standsAgainst(e)) void navigate({ to: '/changes/$id', params: { id: r.changeset } }); else complain(e) } setBusy(false) }
  const undo = () => act(async () => { await undoSet(r.changeset); setUndone(true) })
  const show = () => act(async () => { await navigate(await showSet(r.changeset, object.name)) })
  return (
    <div className={css.stack}>
      {undone
        ? <p role="status" className={css.ok}><Icon name="undo" />{t('imp.undone')}</p>
        : <p role="status" className={css.ok}><Icon name="check" />{text}</p>}
      <Tiles r={r} />
      <div className={css.row}>
        {!undone && n > 0 && <Button onClick={() => void show()} disabled={busy}>{t('imp.show')}</Button>}
        {!undone && <Button variant="default" leftSection={<Icon name="undo" />} loading={busy} onClick={() => void undo()}>{t('imp.undo')}</Button>}
        <Button variant="default" onClick={onAgain}>{t('imp.another')}</Button>
      </div>
      {r.failed > 0 && <p><a className={css.link} href={`/api/v1/imports/${x.id}/errors.csv`} download>{t('imp.failed.file', { n: r.failed })}</a></p>}
      <p><Link className={css.link} to="/changes/$id" params={{ id: r.changeset }}>{t('imp.set')}</Link></p>
    </div>
  )
}
