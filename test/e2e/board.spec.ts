// Boards and calendars: moved by mouse, keys and menu, refused and taken back; accessible in both languages
// and looks.
import type { Page } from '@playwright/test'
import { accessible, expect, fits, type Role, test } from './lib/test.ts'

const board = '/o/deal?layout=board'
const column = (page: Page, name: string) => page.locator('section').filter({ has: page.getByRole('heading', { level: 2, name, exact: true }) })
const cards = (page: Page, name: string) => column(page, name).locator('[data-card]')
const count = async (page: Page, name: string) => Number(/(\d+) records?/.exec((await column(page, name).getAttribute('aria-label')) ?? '')?.[1] ?? 0)

/** The board, when its first cards are there. */
async function openBoard(page: Page, path = board) {
  await page.goto(path)
  await page.locator('[data-card]').first().waitFor()
}

/** A deal of this test alone, in the first stage. */
async function deal(page: Page, name: string): Promise<string> {
  const session = await (await page.request.get('/api/v1/session')).json()
  const stages = await (await page.request.get('/api/v1/records/stage?sort=position&limit=1')).json()
  const made = await page.request.post('/api/v1/records/deal', { headers: { 'X-CSRF-Token': session.csrf }, data: { fields: { name, stage: stages.records[0].id, amount: { amount: '1000', currency: 'EUR' } } } })
  expect(made.status()).toBe(201)
  return (await made.json()).id
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }) {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move(from.x + 12, from.y + 12, { steps: 3 })
  await page.mouse.move(to.x, to.y, { steps: 6 })
  await page.mouse.up()
}

test('a deal is dragged to another stage, at once, and taken back', async ({ page, signedIn }) => {
  await signedIn('sales')
  const id = await deal(page, 'Dragged by a test')
  await openBoard(page)
  const card = page.locator(`[data-card="${id}"]`)
  const before = { from: await count(page, 'Prospecting'), to: await count(page, 'Engaging') }
  const a = (await card.boundingBox())!
  const b = (await column(page, 'Engaging').boundingBox())!
  await drag(page, { x: a.x + 60, y: a.y + 20 }, { x: b.x + 100, y: b.y + 200 })
  await expect(cards(page, 'Engaging').first()).toHaveAttribute('data-card', id)
  expect(await count(page, 'Engaging')).toBe(before.to + 1)
  expect(await count(page, 'Prospecting')).toBe(before.from - 1)
  const toast = page.getByText('Dragged by a test moved to Engaging')
  await expect(toast).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(column(page, 'Prospecting').locator(`[data-card="${id}"]`)).toBeVisible()
  expect(await count(page, 'Engaging')).toBe(before.to)
})

test('keys alone lift, aim, drop, leave, open the menu and the panel', async ({ page, signedIn }) => {
  await signedIn('sales')
  const id = await deal(page, 'Moved by keys')
  await openBoard(page)
  const card = page.locator(`[data-card="${id}"]`)
  await card.focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await expect(page.getByText('Qualification, column 2 of 8')).toBeAttached()
  await page.keyboard.press('Escape')
  await expect(column(page, 'Prospecting').locator(`[data-card="${id}"]`)).toBeFocused()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await expect(column(page, 'Qualification').locator(`[data-card="${id}"]`)).toBeFocused()
  await page.keyboard.press('m')
  await expect(page.getByRole('menuitem', { name: 'Proposal' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(card).toBeFocused()
  await page.keyboard.press('p')
  await expect(page.getByRole('complementary')).toContainText('Moved by keys')
  await page.keyboard.press('p')
  await expect(page.getByRole('complementary')).toHaveCount(0)
  for (const key of ['g', 'k']) await page.keyboard.press(key)
  await expect(page).toHaveURL('/calendar')
  await page.goBack()
  await card.focus()
  await page.keyboard.press('o')
  await expect(page).toHaveURL(new RegExp(`/o/deal/${id}`))
})

test('the letter after G is no command of a cell', async ({ page, signedIn }) => {
  await signedIn('sales')
  await page.goto('/o/deal')
  await page.getByRole('gridcell').first().click()
  for (const key of ['g', 't']) await page.keyboard.press(key)
  await expect(page).toHaveURL('/o/task')
})

test('a lost deal says why before it counts', async ({ page, signedIn }) => {
  await signedIn('sales')
  const id = await deal(page, 'Lost in a test')
  await openBoard(page)
  const card = page.locator(`[data-card="${id}"]`)
  await card.getByRole('button', { name: 'Move Lost in a test' }).click()
  await page.getByRole('menuitem', { name: 'Lost', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Move to Lost' })
  await expect(dialog).toBeVisible()
  await expect(column(page, 'Prospecting').locator(`[data-card="${id}"]`)).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(dialog.getByText('Please fill this in.')).toBeVisible()
  await accessible(page, 'a question before a move')
  await page.keyboard.type('Too dear')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Lost in a test moved to Lost')).toBeVisible()
  await expect(column(page, 'Prospecting').locator(`[data-card="${id}"]`)).toHaveCount(0)
  const now = await (await page.request.get(`/api/v1/records/deal/${id}`)).json()
  expect(now.fields.lost_reason).toBe('Too dear')
})

test('a refused move is back, with the reason', async ({ page, signedIn, guard }) => {
  guard.allow(/422/)
  await signedIn('sales')
  const id = await deal(page, 'Refused in a test')
  await openBoard(page)
  await page.route(`**/api/v1/records/deal/${id}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue()
    await route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'Unprocessable Entity', status: 422, detail: 'stage: the quarter is closed', code: 'invalid', reason: 'invalid_field', errors: [{ field: 'stage', reason: 'closed', message: 'the quarter is closed' }], request_id: 'x' }) })
  })
  await page.locator(`[data-card="${id}"]`).focus()
  for (const key of ['Space', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  await expect(page.getByText('Stage: the quarter is closed')).toBeVisible()
  await expect(column(page, 'Prospecting').locator(`[data-card="${id}"]`)).toBeVisible()
})

test('a card that somebody else changed moves all the same, unless they moved it', async ({ page, signedIn, guard }) => {
  guard.allow(/412/)
  await signedIn('sales')
  const id = await deal(page, 'Changed meanwhile')
  const { csrf } = await (await page.request.get('/api/v1/session')).json()
  const change = async (fields: Record<string, unknown>) => expect((await page.request.patch(`/api/v1/records/deal/${id}`, { headers: { 'X-CSRF-Token': csrf }, data: { fields } })).status()).toBe(200)
  await openBoard(page)
  const card = page.locator(`[data-card="${id}"]`)
  await change({ next_step: 'Call them' })
  await card.focus()
  for (const key of ['Space', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  await expect(page.getByText('Changed meanwhile moved to Qualification')).toBeVisible()
  await expect(column(page, 'Qualification').locator(`[data-card="${id}"]`)).toContainText('Call them')
  const stages = await (await page.request.get('/api/v1/records/stage?sort=position&limit=10')).json()
  await change({ stage: stages.records[3].id })
  await card.focus()
  for (const key of ['Space', 'ArrowRight', 'Space']) await page.keyboard.press(key)
  await expect(page.getByRole('dialog')).toContainText('Whose value is to count?')
  await page.getByRole('button', { name: 'Take theirs' }).click()
  await expect(column(page, 'Proposal').locator(`[data-card="${id}"]`)).toBeVisible()
})

test('somebody who may not change deals finds no way to move them', async ({ page, signedIn }) => {
  await signedIn('reader')
  await openBoard(page)
  await expect(page.getByRole('button', { name: /^Move / })).toHaveCount(0)
  await page.locator('[data-card]').first().focus()
  await page.keyboard.press('Space')
  await expect(page.getByText(/is lifted/)).toHaveCount(0)
})

test('columns go on, and their field is in the address', async ({ page, signedIn }) => {
  await signedIn('owner')
  await openBoard(page)
  await column(page, 'Won').scrollIntoViewIfNeeded()
  await expect(cards(page, 'Won')).toHaveCount(25)
  await column(page, 'Won').getByRole('button', { name: /^\+ \d+ more$/ }).click()
  await expect(cards(page, 'Won')).toHaveCount(50)
  await page.getByLabel('Field of the columns').selectOption({ label: 'By Type' })
  await expect(page).toHaveURL(/g=kind/)
  await expect(column(page, 'Renewal')).toBeVisible()
})

test('a calendar entry moves by hand and by keys, and is taken back', async ({ page, signedIn }) => {
  await signedIn('sales')
  const session = await (await page.request.get('/api/v1/session')).json()
  const made = await page.request.post('/api/v1/records/meeting', { headers: { 'X-CSRF-Token': session.csrf }, data: { fields: { subject: 'Far ahead', start_at: '2031-03-12T10:00:00Z', end_at: '2031-03-12T11:00:00Z' } } })
  expect(made.status()).toBe(201)
  const id = (await made.json()).id
  await page.goto('/calendar?at=2031-03-12')
  const day = (d: string) => page.locator(`[data-day="2031-03-${d}"]`)
  const entry = (d: string) => day(d).locator(`[data-event="meeting:${id}"]`)
  const a = (await entry('12').boundingBox())!
  const b = (await day('14').boundingBox())!
  await drag(page, { x: a.x + 20, y: a.y + 8 }, { x: b.x + 50, y: b.y + 40 })
  await expect(entry('14')).toBeVisible()
  await expect(page.getByText(/Far ahead moved to Friday,? 14 March 2031/).last()).toBeVisible()
  await entry('14').focus()
  await page.keyboard.press('Alt+ArrowLeft')
  await expect(entry('13')).toBeFocused()
  await page.keyboard.press('Control+z')
  await expect(entry('14')).toBeVisible()
  await day('14').focus()
  await page.keyboard.press('ArrowUp')
  await expect(day('07')).toBeFocused()
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel(/^Start/)).toHaveValue(/^2031-03-07 09:00$/)
  await page.keyboard.press('Escape')
  await page.goto('/calendar?at=2031-03-14&span=week')
  await expect(entry('14')).toBeVisible()
  await entry('14').press('Enter')
  await expect(page).toHaveURL(new RegExp(`/o/meeting/${id}`))
})

for (const [lang, locale] of [['English', 'en-GB'], ['Chinese', 'zh-CN']] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${lang}, ${colorScheme}`, () => {
      test.use({ locale, colorScheme })
      test('boards and calendars are accessible, and fit a telephone', async ({ page, signedIn }) => {
        await signedIn('manager' satisfies Role)
        await page.addInitScript((look) => localStorage.setItem('look', look), colorScheme)
        await page.goto('/')
        await page.getByRole('button', { name: /Marcus/ }).click()
        await page.getByRole('menuitem', { name: locale === 'en-GB' ? 'English' : '简体中文' }).click()
        await expect(page.locator('html')).toHaveAttribute('lang', locale === 'en-GB' ? 'en' : 'zh-CN')
        for (const path of [board, '/o/lead?layout=board', '/calendar?who=all', '/calendar?who=all&span=week', '/o/deal?layout=calendar']) {
          await page.setViewportSize({ width: 1440, height: 900 })
          await page.goto(path)
          await page.locator('[data-card], [data-event]').first().waitFor()
          await accessible(page, path)
          await page.setViewportSize({ width: 390, height: 844 })
          await fits(page)
        }
      })
    })
  }
}
