import css from './Pill.module.css'

/** The colours that a choice may have; what is named otherwise is grey. */
const tones: Record<string, string | undefined> = {
  blue: css.blue, violet: css.violet, purple: css.violet, amber: css.amber, yellow: css.amber, orange: css.amber, green: css.green, teal: css.green, red: css.red, pink: css.red,
}

export function Pill({ text, color }: { text: string; color?: string }) {
  return <span className={`${css.pill} ${(color && tones[color]) || ''}`}>{text}</span>
}
