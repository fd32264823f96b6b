import { describe, expect, it } from 'vitest'
import { addDays, addMonths, dayOf, daysBetween, daysOf, firstWeekday, minutesOf, momentAt, onDay, startOfWeek, turn, weekday } from './days'

describe('days', () => {
  it('go over months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28')
    expect(addMonths('2026-01-15', -1)).toBe('2025-12-15')
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2) // over a clock change in Europe
    expect(weekday('2026-11-25')).toBe(3)
  })
  it('begin a week where people do', () => {
    expect(firstWeekday('zh-CN')).toBe(1)
    expect(firstWeekday('de-DE')).toBe(1)
    expect(firstWeekday('en-GB')).toBe(1)
    expect(firstWeekday('en-US')).toBe(0)
    expect(firstWeekday('no such tag!')).toBe(1)
    expect(startOfWeek('2026-11-25', 1)).toBe('2026-11-23')
    expect(startOfWeek('2026-11-25', 0)).toBe('2026-11-22')
    expect(startOfWeek('2026-11-22', 1)).toBe('2026-11-16')
  })
  it('show whole weeks of a month', () => {
    const nov = daysOf('month', '2026-11-25', 1)
    expect([nov[0], nov.at(-1), nov.length]).toEqual(['2026-10-26', '2026-12-06', 42])
    const feb = daysOf('month', '2027-02-10', 1) // Monday the first, 28 days
    expect([feb[0], feb.length]).toEqual(['2027-02-01', 28])
    expect(daysOf('week', '2026-11-25', 0)).toEqual(['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28'])
    expect(daysOf('day', '2026-11-25', 0)).toEqual(['2026-11-25'])
    expect(turn('month', '2026-03-31', -1)).toBe('2026-02-28')
    expect(turn('week', '2026-11-25', 1)).toBe('2026-12-02')
  })
})

describe('moments in a zone', () => {
  const berlin = 'Europe/Berlin'
  it('belong to the day that the person has', () => {
    expect(dayOf('2026-11-25T23:30:00Z', berlin)).toBe('2026-11-26')
    expect(dayOf('2026-11-25T23:30:00Z', 'America/New_York')).toBe('2026-11-25')
    expect(dayOf('2026-11-25T16:00:00Z', 'Asia/Shanghai')).toBe('2026-11-26')
  })
  it('keep their clock time when they move over a clock change', () => {
    // Clocks go forward on 29 March and back on 25 October 2026.
    expect(onDay('2026-03-27T08:00:00Z', '2026-03-30', berlin)).toBe('2026-03-30T07:00:00Z')
    expect(onDay('2026-10-23T07:00:00Z', '2026-10-26', berlin)).toBe('2026-10-26T08:00:00Z')
    expect(minutesOf('2026-03-30T07:00:00Z', berlin)).toBe(540)
  })
  it('has an answer for the hour that is left out, and for the one that is had twice', () => {
    expect(momentAt('2026-03-29', 150, berlin)).toBe('2026-03-29T01:30:00Z') // 02:30 is 03:30
    expect(momentAt('2026-10-25', 150, berlin)).toBe('2026-10-25T00:30:00Z') // the first 02:30
    expect(momentAt('2026-03-29', 0, berlin)).toBe('2026-03-28T23:00:00Z')
    expect(momentAt('2026-10-26', 0, berlin)).toBe('2026-10-25T23:00:00Z')
  })
  it('does not leave the day', () => {
    expect(momentAt('2026-11-25', 5000, 'UTC')).toBe('2026-11-25T23:59:00Z')
    expect(momentAt('2026-11-25', -10, 'UTC')).toBe('2026-11-25T00:00:00Z')
  })
})
