import '@mantine/dates/styles.layer.css'
import 'dayjs/locale/zh-cn'
import { DatePicker, DatesProvider } from '@mantine/dates'
import { currentLang } from '../lib/i18n'

export default function Days({ day, onPick }: { day: string; onPick: (day: string) => void }) {
  const valid = /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : null
  return (
    <DatesProvider settings={{ locale: currentLang() === 'en' ? 'en' : 'zh-cn', firstDayOfWeek: 1 }}>
      <DatePicker size="sm" value={valid} defaultDate={valid ?? undefined} onChange={v => { if (v) onPick(v.slice(0, 10)) }} />
    </DatesProvider>
  )
}
