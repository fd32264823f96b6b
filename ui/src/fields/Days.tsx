import '@mantine/dates/styles.layer.css'
import 'dayjs/locale/zh-cn'
import { DatePicker, DatesProvider } from '@mantine/dates'
import { currentLang, t } from '../lib/i18n'

export default function Days({ day, onPick }: { day: string; onPick: (day: string) => void }) {
  const valid = /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : null
  return (
    <DatesProvider settings={{ locale: currentLang() === 'en' ? 'en' : 'zh-cn', firstDayOfWeek: 1 }}>
      <DatePicker size="sm" hideOutsideDates ariaLabels={{ previousMonth: t('days.before'), nextMonth: t('days.next'), previousYear: t('days.before'), nextYear: t('days.next'), previousDecade: t('days.before'), nextDecade: t('days.next') }} value={valid} defaultDate={valid ?? undefined} onChange={v => { if (v) onPick(v.slice(0, 10)) }} />
    </DatesProvider>
  )
}
