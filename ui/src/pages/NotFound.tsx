import { t } from '../lib/i18n'
import { EmptyState } from '../parts/States'

export function NotFound() {
  return <EmptyState page icon="search" title={t('not_found.title')} text={t('not_found.text')} />
}
