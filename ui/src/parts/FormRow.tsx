// A row of a form that is no record: label, control, help, what is wrong.
import { type ReactNode, useId } from 'react'
import { t } from '../lib/i18n'
import css from './form.module.css'
import { Icon } from './Icon'

interface Props { label: string; help?: ReactNode; error?: string; required?: boolean; children: (a: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true; className: string }) => ReactNode }

export function FormRow({ label, help, error, required, children }: Props) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className={css.label}>{label}{required && <span className={css.must}> <span aria-hidden>*</span><span className="hidden-visually">{t('required')}</span></span>}</label>
      {children({ id, 'aria-describedby': error ? `${id}-e` : help ? `${id}-h` : undefined, 'aria-invalid': error ? true : undefined, className: css.input! })}
      {error && <div className={css.error} id={`${id}-e`}><Icon name="alert" size={14} /><span>{error}</span></div>}
      {help && !error && <div className={css.help} id={`${id}-h`}>{help}</div>}
    </div>
  )
}
