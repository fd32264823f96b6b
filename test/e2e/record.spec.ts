// The record page and Home: what a salesperson does all day, with the keyboard where she likes.
import type { Browser, Page } from '@playwright/test'
import { accessible, expect, fits, Guard, test } from './lib/test.ts'

interface Rec { id: string; version: number; fields: Record<string, unknown> }

async function ask<T>(page: Page, method: string, path: string, data?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const session = await (await page.request.get('/api/v1/session')).json()
  const r = await page.request.fetch(`/api/v1${path}`, { method, data, headers: { 'X-CSRF-Token': session.csrf, ...headers } })
  expect(r.ok(), `${method} ${path} ${r.status()}: ${await r.text()}`).toBe(true)
  return r.status() === 204 ? (undefined as T) : r.json()
}

const make = (page: Page, object: string, fields: Record<string, unknown>) => ask<Rec>(page, 'POST', `/records/${object}`, { fields })
const read = (page: Page, object: string, id: string) => ask<Rec>(page, 'GET', `/records/${object}/${id}`)
const list = (page: Page, object: string, filter: string) => ask<{ records: Rec[] }>(page, 'GET', `/records/${object}?filter=${encodeURIComponent(filter)}&limit=50`)

const openStage = async (page: Page, position: number) => (await list(page, 'stage', 'outcome == "open"')).records.find(s => s.fields.position === position)!

/** A company with a contact and a deal of its own, so that tests do not meet. */
async function customer(page: Page, name: string) {
  const company = await make(page, 'company', { name })
  const contact = await make(page, 'contact', { last_name: 'Ostler', first_name: 'Jane', company: company.id })
  const stage = await openStage(page, 1)
  const deal = await make(page, 'deal', { name: `${name}: pumps`, company: company.id, contact: contact.id, stage: stage.id, amount: { amount: '1200', currency: 'EUR' } })
  return { company, contact, deal }
}

const secret = 'lantern weir copper moss'

/** Somebody new, who has signed in: for what a test changes about a person. `owner` is a page of the owner. */
async function newcomer(owner: Page, browser: Browser, role: string, email: string, more: Record<string, unknown>, look: object): Promise<{ page: Page; done: () => Promise<void> }> {
  const roles = (await list(owner, 'role', `name == "${role}"`)).records.map(r => r.id)
  const person = await make(owner, 'user', { name: 'Nina Field', email, roles, ...more })
  const { token } = await ask<{ token: string }>(owner, 'POST', `/users/${person.id}/invitation`)
  const context = await browser.newContext({ reducedMotion: 'reduce', ...look })
  const guard = new Guard()
  await guard.watch(context)
  const page = await context.newPage()
  expect((await page.request.post('/api/v1/invitation', { data: { token, email, password: secret } })).ok(), 'the password is set').toBe(true)
  expect((await page.request.post('/api/v1/session', { data: { email, password: secret } })).ok(), 'signed in').toBe(true)
  return { page, done: async () => { await context.close(); guard.check() } }
}

const undo = (page: Page) => page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click()

test('a call is logged with its next step by the keyboard alone, and undone as one', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { deal } = await customer(page, 'Larkhill Pumps')
  await page.goto(`/o/deal/${deal.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Larkhill Pumps: pumps')
  await page.keyboard.press('n') // one key opens
  await expect(page.getByLabel('Write a note')).toBeFocused()
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.keyboard.type('They want the offer until Friday')
  await page.getByLabel('Next step', { exact: true }).fill('Send the offer')
  await page.getByLabel('Due', { exact: true }).fill('2031-03-04 09:00')
  await page.keyboard.press('Control+Enter')
  const timeline = page.getByRole('tabpanel')
  await expect(timeline.getByRole('link', { name: 'They want the offer until Friday' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'To come' }).getByText('Send the offer')).toBeVisible()
  expect((await read(page, 'deal', deal.id)).fields.next_step).toBe('Send the offer')
  const about = `related_to == "${deal.id}"`
  expect((await list(page, 'call', about)).records).toHaveLength(1)
  expect((await list(page, 'task', about)).records[0]!.fields).toMatchObject({ subject: 'Send the offer', due_at: '2031-03-04T09:00:00Z' })
  await undo(page)
  await expect(timeline.getByRole('link', { name: 'They want the offer until Friday' })).toBeHidden()
  expect((await list(page, 'task', about)).records).toHaveLength(0)
  expect((await read(page, 'deal', deal.id)).fields.next_step ?? '').toBe('')
})

test('what is missing is said at its field, and Escape closes', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { contact } = await customer(page, 'Marlow Pumps')
  await page.goto(`/o/contact/${contact.id}?tab=history`)
  await expect(page.getByRole('tab', { name: 'History' })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('n') // from another tab, too
  const text = page.getByLabel('Write a note')
  await expect(text).toBeFocused()
  await page.keyboard.press('Control+Enter')
  await expect(text).toHaveAccessibleDescription('Please fill this in.')
  await text.fill('She likes 😀 pumps — مضخات\n'.repeat(3))
  await page.getByLabel('Due', { exact: true }).fill('2031-03-04 09:00')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByLabel('Next step', { exact: true })).toHaveAccessibleDescription('Say what is to be done by then.')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Note', exact: true })).toBeFocused()
})

test('the timeline of a company has what happened with its people, filtered by kind, changes folded', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company, contact, deal } = await customer(page, 'Norcott Pumps')
  await make(page, 'note', { body: 'Their buyer is on leave', related_to: { object: 'contact', id: contact.id } })
  await make(page, 'meeting', { subject: 'Visit the plant', start_at: '2031-03-04T09:00:00Z', end_at: '2031-03-04T10:00:00Z', related_to: { object: 'deal', id: deal.id } })
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'Leeds', employees: 7 } })
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'York' } })
  await page.goto(`/o/company/${company.id}`)
  const panel = page.getByRole('tabpanel')
  await expect(panel.getByText('Their buyer is on leave')).toBeVisible()
  await expect(page.getByRole('region', { name: 'To come' }).getByText('Visit the plant')).toBeVisible()
  const fold = panel.getByRole('button', { name: /3 field changes/ })
  await expect(fold).toHaveAttribute('aria-expanded', 'false')
  await fold.click()
  await expect(panel.getByText('York')).toBeVisible()
  await page.getByRole('group', { name: 'What to show' }).getByRole('button', { name: 'Meetings' }).click()
  await expect(panel.getByText('Their buyer is on leave')).toBeHidden()
  await expect(panel.getByText('Visit the plant')).toBeVisible()
})

test('a revealed value is seen in the timeline by who did it', async ({ page, signedIn }) => {
  await signedIn('sales')
  const company = await make(page, 'company', { name: 'Orwell Pumps', tax_account: 'DE89370400440532013000' })
  await ask(page, 'POST', `/records/company/${company.id}/reveal`, { field: 'tax_account', purpose: 'paying invoice 7' })
  await page.goto(`/o/company/${company.id}`)
  await expect(page.getByRole('tabpanel').getByText('Revealed a masked value')).toBeVisible()
  await expect(page.getByRole('tabpanel').getByText('“paying invoice 7”')).toBeVisible()
})

test('related lists come from the schema, and a record is added with its links filled in', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company, contact } = await customer(page, 'Penrith Pumps')
  await page.goto(`/o/contact/${contact.id}?tab=related`)
  const deals = page.getByRole('region', { name: 'Deals', exact: true })
  await expect(deals.getByRole('link', { name: 'Penrith Pumps: pumps' })).toBeVisible()
  await deals.getByRole('button', { name: 'Add deal' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Penrith Pumps: valves')
  await dialog.getByLabel('Stage').fill('Prosp')
  await page.getByRole('option', { name: 'Prospecting' }).click()
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(deals.getByRole('link', { name: 'Penrith Pumps: valves' })).toBeVisible()
  const made = (await list(page, 'deal', 'name == "Penrith Pumps: valves"')).records[0]!
  expect(made.fields).toMatchObject({ contact: contact.id, company: company.id })
})

test('files are dropped, listed, fetched and taken away', async ({ page, signedIn, guard }) => {
  await signedIn('sales')
  const { company } = await customer(page, 'Quorn Pumps')
  await page.goto(`/o/company/${company.id}?tab=files`)
  await page.getByTestId('files').setInputFiles([{ name: "合同 (1)'s.txt", mimeType: 'text/plain', buffer: Buffer.from('first contract') }, { name: 'b.txt', mimeType: 'text/plain', buffer: Buffer.from('second') }])
  const documents = page.getByRole('region', { name: 'Documents', exact: true })
  await expect(documents.getByRole('listitem')).toHaveCount(2)
  const fetched = page.waitForEvent('download')
  await documents.getByRole('link', { name: "Download 合同 (1)'s.txt" }).click()
  expect((await fetched).suggestedFilename()).toBe("合同 (1)'s.txt")
  await page.getByTestId('files').setInputFiles({ name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
  await expect(page.getByText('This file is empty.')).toBeVisible()
  await documents.getByRole('button', { name: 'Remove b.txt' }).click()
  await expect(documents.getByRole('listitem')).toHaveCount(1)
  await undo(page)
  await expect(documents.getByRole('listitem')).toHaveCount(2)
  guard.allow(/422/)
  await page.locator('input[type=file][accept]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') })
  await expect(page.getByRole('alert').filter({ hasText: /picture|image/i })).toBeVisible()
})

test('the access tab says by which role a record is seen', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company } = await customer(page, 'Ripley Pumps')
  await page.goto(`/o/company/${company.id}?tab=access`)
  const panel = page.getByRole('tabpanel')
  await expect(panel.getByRole('listitem').filter({ hasText: 'Change it' })).toContainText('Sales: your own records, every object')
  await expect(panel.getByRole('listitem').filter({ hasText: 'Export it' })).toContainText('None of your roles grants it.')
})

test('an older version is restored, and the restoring undone', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company } = await customer(page, 'Rugby Pumps')
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'Leeds' } })
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'York' } })
  await page.goto(`/o/company/${company.id}?tab=history`)
  const facts = page.getByRole('region', { name: 'Facts' })
  await expect(facts.getByRole('button', { name: /^City: York ?\. Edit$/ })).toBeVisible()
  await page.getByRole('button', { name: 'Restore this version' }).first().click()
  await expect(facts.getByRole('button', { name: /^City: Leeds ?\. Edit$/ })).toBeVisible()
  await undo(page)
  await expect(facts.getByRole('button', { name: /^City: York ?\. Edit$/ })).toBeVisible()
})

test('a stale edit asks whose value counts', async ({ page, signedIn, guard }) => {
  guard.allow(/412/)
  await signedIn('sales')
  const { company } = await customer(page, 'Selby Pumps')
  await page.goto(`/o/company/${company.id}`)
  await page.getByRole('button', { name: /^City: .*Edit$/ }).click()
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'Hull' } })
  await page.getByRole('textbox', { name: 'City' }).fill('York')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Hull')).toBeVisible()
  await expect(dialog.getByText('York')).toBeVisible()
  await dialog.getByRole('button', { name: 'Keep mine' }).click()
  await expect.poll(async () => (await read(page, 'company', company.id)).fields.city).toBe('York')
})

test('the stage is moved from the header; a lost deal says why', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { deal } = await customer(page, 'Totnes Pumps')
  await page.goto(`/o/deal/${deal.id}`)
  await page.getByRole('button', { name: /^Stage: .*Change it$/ }).click()
  await page.getByRole('menuitem', { name: /lost/i }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Move' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('Please fill this in.')
  await dialog.getByLabel('Reason lost').fill('Price')
  await dialog.getByRole('button', { name: 'Move' }).click()
  await expect.poll(async () => (await read(page, 'deal', deal.id)).fields.lost_reason).toBe('Price')
  await undo(page)
  await expect.poll(async () => (await read(page, 'deal', deal.id)).fields.lost_reason ?? '').toBe('')
})

test('brackets lead through the list that a record was opened from; E edits', async ({ page, signedIn }) => {
  await signedIn('sales')
  await page.goto(`/o/company?s=name&f=${encodeURIComponent('owner == me()')}`)
  await page.getByRole('grid').focus()
  await page.keyboard.press('o')
  await expect(page).toHaveURL(/\/o\/company\/[0-9a-f-]+/)
  await expect(page.getByRole('region', { name: 'Facts' })).toBeVisible()
  const heading = page.getByRole('heading', { level: 1 })
  const first = await heading.innerText()
  await page.keyboard.press(']')
  await expect(heading).not.toHaveText(first)
  await page.keyboard.press('[')
  await expect(heading).toHaveText(first)
  await page.keyboard.press('[')
  await expect(page.getByRole('status').getByText('This is the first of the list.')).toBeVisible()
  await page.keyboard.press('e')
  await expect(page.getByRole('region', { name: 'Facts' }).getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
})

test('sections stay as they were left', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company } = await customer(page, 'Usk Pumps')
  await page.goto(`/o/company/${company.id}`)
  const more = page.getByRole('button', { name: 'Ways to reach' })
  await expect(more).toHaveAttribute('aria-expanded', 'true')
  await more.click()
  await page.reload()
  await expect(more).toHaveAttribute('aria-expanded', 'false')
})

test('a part that fails, fails alone', async ({ page, signedIn, guard }) => {
  guard.allow(/500/, /Failed to load/)
  await signedIn('sales')
  const { company } = await customer(page, 'Varley Pumps')
  await page.route('**/api/v1/records/contact?*', r => r.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal","status":500,"request_id":"abc"}' }))
  await page.goto(`/o/company/${company.id}?tab=related`)
  const contacts = page.getByRole('region', { name: 'Contacts', exact: true })
  await expect(contacts.getByRole('button', { name: 'Try again' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Deals', exact: true }).getByRole('link', { name: 'Varley Pumps: pumps' })).toBeVisible()
  await page.unroute('**/api/v1/records/contact?*')
  await contacts.getByRole('button', { name: 'Try again' }).click()
  await expect(contacts.getByRole('link', { name: 'Jane Ostler' })).toBeVisible()
})

test('Home: a task is done with one key and taken back', async ({ page, signedIn }) => {
  await signedIn('sales')
  const task = await make(page, 'task', { subject: 'Water the plants', due_at: '2001-01-01T09:00:00Z' })
  await page.goto('/')
  const tasks = page.getByRole('region', { name: 'My tasks' })
  await expect(page.getByRole('region', { name: 'First steps' })).toBeHidden() // she has been here for long
  const tick = tasks.getByRole('checkbox', { name: 'Done: Water the plants' })
  await tick.focus()
  await page.keyboard.press('Space')
  await expect(tick).toBeHidden()
  expect((await read(page, 'task', task.id)).fields.status).toBe('completed')
  await page.keyboard.press('Control+z')
  await expect(tick).toBeVisible()
  await ask(page, 'DELETE', `/records/task/${task.id}`)
})

test('Home: deals that need attention say why, and lead to the list of them', async ({ page, signedIn }) => {
  await signedIn('sales')
  const stage = await openStage(page, 1)
  await make(page, 'deal', { name: 'Wye late deal', stage: stage.id, close_date: '2001-01-01' })
  await page.goto('/')
  const deals = page.getByRole('region', { name: 'Deals that need attention' })
  const row = deals.getByRole('listitem').filter({ hasText: 'Wye late deal' })
  await expect(row).toContainText('Due to close 1 Jan 2001')
  await expect(row).toContainText('No next step')
  await deals.getByRole('button', { name: 'Everyone’s' }).click()
  await expect(row).toBeVisible()
})

test('Home: what was opened is remembered without names; my change is undone', async ({ page, signedIn }) => {
  await signedIn('sales')
  const { company } = await customer(page, 'Yarrow Pumps')
  await page.goto(`/o/company/${company.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Yarrow Pumps')
  await page.goto('/')
  await expect(page.getByRole('region', { name: 'Recently opened' }).getByRole('link', { name: 'Yarrow Pumps' })).toBeVisible()
  const kept = await page.evaluate(() => JSON.stringify(localStorage))
  expect(kept).toContain(company.id)
  expect(kept).not.toContain('Yarrow')
  await ask(page, 'PATCH', `/records/company/${company.id}`, { fields: { city: 'Leeds' } })
  await page.reload()
  const row = page.getByRole('region', { name: 'My recent changes' }).getByRole('listitem').filter({ hasText: 'Changed Yarrow Pumps' }).first()
  await row.getByRole('button', { name: 'Undo' }).click()
  await expect(row.getByText('Undone')).toBeVisible()
  expect((await read(page, 'company', company.id)).fields.city ?? '').toBe('')
})

test('Home: who is new sees first steps until they are sent away', async ({ page, signedIn, browser, baseURL, userAgent }) => {
  await signedIn('owner')
  const { page: own, done } = await newcomer(page, browser, 'Sales', 'nina@example.com', {}, { baseURL, userAgent, locale: 'en-GB' })
  await own.goto('/')
  const steps = own.getByRole('region', { name: 'First steps' })
  await expect(steps.getByRole('listitem').filter({ hasText: 'Make your first record' })).toBeVisible()
  await accessible(own, 'first steps')
  await steps.getByRole('button', { name: 'English' }).click()
  await expect(steps.getByRole('listitem').filter({ hasText: 'Choose your language' })).toContainText('Done:')
  await steps.getByRole('button', { name: 'Hide' }).click()
  await expect(steps).toBeHidden()
  await own.reload()
  await expect(own.getByRole('region', { name: 'My tasks' })).toBeVisible()
  await expect(steps).toBeHidden()
  await done()
})

test('Home of who sees no customers leads to what there is', async ({ page: owner, signedIn, browser, baseURL, userAgent }) => {
  await signedIn('owner')
  const { page, done } = await newcomer(owner, browser, 'Owner', 'nina-admin@example.com', {}, { baseURL, userAgent, locale: 'en-GB' })
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Hello, Nina Field')
  await expect(page.getByRole('region', { name: 'Where to go' }).getByRole('link', { name: 'Users' })).toBeVisible()
  await done()
})

for (const [lang, locale] of [['English', 'en'], ['Chinese', 'zh_cn']] as const) {
  for (const theme of ['light', 'dark'] as const) {
    test(`Home and records are accessible, and fit a telephone: ${lang}, ${theme}`, async ({ page: owner, signedIn, browser, baseURL, userAgent }) => {
      test.setTimeout(120_000)
      await signedIn('owner')
      const { page, done } = await newcomer(owner, browser, 'Sales manager', `nina-${locale}-${theme}@example.com`.replace('_', '-'), { locale, theme }, { baseURL, userAgent })
      const { company, deal } = await customer(page, `Zeal Pumps ${lang} ${theme}`)
      const look = async (path: string, ready: string) => {
        await page.goto(path)
        await page.locator(ready).first().waitFor()
        await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
        await expect(page.locator('html')).toHaveAttribute('lang', locale === 'en' ? 'en' : 'zh-CN')
        await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme)
        await accessible(page, path)
        for (const viewport of [{ width: 390, height: 844 }, { width: 1024, height: 768 }, { width: 1440, height: 900 }]) {
          await page.setViewportSize(viewport)
          await fits(page)
        }
      }
      await look('/', 'section li')
      for (const tab of ['timeline', 'related', 'files', 'history', 'access']) await look(`/o/company/${company.id}?tab=${tab}`, '[role=tabpanel] :is(button, time, li)')
      await look(`/o/deal/${deal.id}`, '[role=tabpanel] li')
      await page.keyboard.press('n')
      await page.locator('form textarea').waitFor()
      await accessible(page, 'the composer')
      await done()
    })
  }
}
