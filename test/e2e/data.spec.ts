// Data in and out: importing a file, exporting a list, taking changes back, the bin.
import { type Page } from '@playwright/test'
import { accessible, expect, fits, test } from './lib/test.ts'

const csv = (name: string, text: string | Buffer) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })

/** Contacts of a name of their own, of which one has a wrong address and one has no name. */
function contacts(name: string, n = 6) {
  const rows = Array.from({ length: n }, (_, i) => `Ada,${name}${i},${name.toLowerCase()}${i}@example.org,,${i + 13}/05/1990`)
  rows.push(`Eve,${name}X,no address,,13/06/1991`, `Nobody,,${name.toLowerCase()}none@example.org,,14/06/1991`)
  return csv(`${name}.csv`, `Given name,Surname,E-mail,Department,Birthday\n${rows.join('\n')}\n`)
}

async function send(page: Page, file: ReturnType<typeof csv>, object = 'contact') {
  await page.goto(`/imports/new?object=${object}`)
  await page.locator('input[type=file]').setInputFiles(file)
  await expect(page).toHaveURL(/step=preview/)
}

const next = (page: Page) => page.getByRole('button', { name: 'Next' }).click()

test('a file is imported: mapped, tried, mended, run, shown, undone', async ({ signedIn }) => {
  const page = await signedIn('manager')
  await page.goto('/o/contact')
  await page.getByRole('button', { name: 'More', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Import a file' }).click()
  await page.locator('input[type=file]').setInputFiles(contacts('Wren'))
  await expect(page.getByRole('cell', { name: 'Wren0', exact: true })).toBeVisible()
  await next(page)
  await expect(page.getByText('1 value does not fit')).toBeVisible()
  const birthday = page.getByRole('row', { name: /Birthday/ })
  await expect(birthday.getByText('Fits')).toBeVisible() // 13/05 tells the order of all
  await next(page)
  await expect(page.getByRole('button', { name: 'Import 6 contacts' })).toBeVisible()
  const errors = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download these rows with reasons' }).click()
  expect((await errors).suggestedFilename()).toBe('errors.csv')
  await page.getByLabel('Read instead of no address').fill('eve@example.org')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Import 7 contacts' }).click()
  await expect(page.getByRole('main').getByText('7 contacts imported')).toBeVisible()
  await page.getByRole('button', { name: 'Show them' }).click()
  await expect(page.getByRole('status').filter({ hasText: /^7$/ })).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'WrenX', exact: true })).toBeVisible()
  await page.goBack()
  await page.getByRole('button', { name: 'Undo import' }).click()
  await expect(page.getByText('The import is undone.')).toBeVisible()
  await page.goto('/imports')
  await expect(page.getByRole('row', { name: /Contacts Marcus Lindqvist CSV 7 0 1 Undone/ })).toBeVisible()
})

test('reload, back and forward keep what was chosen', async ({ signedIn }) => {
  const page = await signedIn('manager')
  await send(page, contacts('Rook', 2))
  await next(page)
  const given = page.getByRole('combobox', { name: 'Column Given name goes to' })
  const tried = page.waitForResponse((r) => r.request().method() === 'PATCH' && r.ok())
  await given.fill('leave')
  await page.keyboard.press('Enter')
  await tried
  const row = page.getByRole('row', { name: /^Given name/ })
  await expect(row.getByText('Left out')).toBeVisible()
  await page.reload()
  await expect(row.getByText('Left out')).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('cell', { name: 'Rook0', exact: true })).toBeVisible()
  await page.goForward()
  await expect(row.getByText('Left out')).toBeVisible()
  // One field has one column: the one that was chosen last.
  await page.getByRole('combobox', { name: 'Column Department goes to' }).fill('last name')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('row', { name: /^Surname/ }).getByText('Left out')).toBeVisible()
})

test('a file that cannot be read says why, and what helps', async ({ signedIn, guard }) => {
  guard.allow(/422/)
  const page = await signedIn('sales')
  await page.goto('/imports/new?object=contact')
  const file = page.locator('input[type=file]')
  for (const [what, text] of [
    [csv('none.csv', ''), 'The file is empty.'],
    [csv('values.csv', 'a@example.org,5\nb@example.org,6\n'), 'Line 1 holds values where the names of the columns are expected.'],
    [csv('old.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])), 'Save it as XLSX without a password'],
  ] as const) {
    await file.setInputFiles(what)
    await expect(page.getByRole('alert')).toContainText(text)
  }
  // Chinese in the encoding of old programs is known by itself, and can be said otherwise.
  await file.setInputFiles(csv('gb.csv', Buffer.from([0xd0, 0xd5, 0xc3, 0xfb, 0x0a, 0xcd, 0xf5, 0xd0, 0xa1, 0xc3, 0xf7, 0x0a, 0xc0, 0xee, 0xc0, 0xd7, 0x0a])))
  await expect(page.getByRole('cell', { name: '王小明' })).toBeVisible()
  await expect(page.getByLabel('Encoding')).toHaveValue('gb18030')
  await page.getByLabel('Encoding').selectOption('windows-1252')
  await expect(page.getByRole('cell', { name: '王小明' })).toBeHidden()
  await page.getByLabel('Encoding').selectOption('utf-8')
  await expect(page.getByRole('alert')).toContainText('no text that can be read')
})

test('who leaves while a file is sent is asked', async ({ signedIn }) => {
  const page = await signedIn('manager')
  let go = () => {}
  const gate = new Promise<void>((done) => (go = done))
  await page.route('**/api/v1/imports', async (route) => {
    await gate
    await route.continue()
  })
  await page.goto('/imports/new?object=contact')
  await page.locator('input[type=file]').setInputFiles(contacts('Finch', 1))
  await expect(page.getByRole('progressbar')).toBeVisible()
  await page.getByRole('link', { name: 'Deals' }).click()
  const ask = page.getByRole('dialog', { name: 'The file is still on its way' })
  await ask.getByRole('button', { name: 'Stay' }).click()
  await expect(ask).toBeHidden()
  go()
  await expect(page).toHaveURL(/step=preview/)
})

test('an export says how many, asks what for, and is noted', async ({ signedIn }) => {
  const page = await signedIn('manager')
  await page.goto('/o/company?f=has(industry)')
  await page.getByRole('button', { name: 'More', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Export' }).click()
  const dialog = page.getByRole('dialog')
  const button = dialog.getByRole('button', { name: /^Export \d+ compan/ })
  const n = Number(/\d+/.exec((await button.textContent()) ?? '')![0])
  await dialog.getByLabel('What is it for?').fill('x')
  await button.click()
  await expect(dialog.getByRole('alert')).toContainText('at least 3 characters')
  await dialog.getByLabel('What is it for?').fill('the printer’s list')
  await dialog.getByLabel('Format').selectOption('ndjson')
  const saved = page.waitForEvent('download')
  await button.click()
  const stream = await (await saved).createReadStream()
  let lines = 0
  for await (const part of stream) lines += String(part).split('\n').length - 1
  expect(lines).toBe(n)
  await expect(dialog.getByRole('status')).toContainText(`${n} `)
  await dialog.getByRole('link', { name: 'Exports' }).click()
  const row = page.getByRole('row', { name: /the printer’s list/ }).first()
  await expect(row).toContainText(String(n))
  await expect(row).toContainText('Downloaded')
  await row.getByRole('button', { name: /^Log/ }).click()
  await expect(page.getByText('downloaded whole')).toBeVisible()
})

test('who may not export is not offered it', async ({ signedIn }) => {
  const page = await signedIn('sales')
  await page.goto('/o/company')
  await page.getByRole('button', { name: 'More', exact: true }).first().click()
  await expect(page.getByRole('menuitem', { name: 'Import a file' })).toBeVisible()
  await expect(page.getByRole('menuitem', { name: 'Export' })).toBeHidden()
  await expect(page.getByRole('link', { name: 'Exports' })).toBeHidden()
})

/** A request of the API by who is signed in. */
async function ask(page: Page, method: string, path: string, data?: unknown) {
  const { csrf } = await (await page.request.get('/api/v1/session')).json()
  const r = await page.request.fetch(`/api/v1${path}`, { method, data, headers: { 'X-CSRF-Token': csrf } })
  expect(r.ok(), `${method} ${path} ${r.status()}`).toBe(true)
  return r.status() === 204 ? null : r.json()
}

test('undoing shows what stands against it, field by field, and does the rest', async ({ signedIn }) => {
  const page = await signedIn('manager')
  const names = ['Kestrel Works', 'Merlin Works']
  const made = await ask(page, 'POST', '/batch', { operations: names.map((name) => ({ op: 'create', object: 'company', fields: { name, city: 'Bern' } })) })
  const ids: string[] = made.results.map((r: { id: string }) => r.id)
  const moved = await ask(page, 'POST', '/batch', { operations: ids.map((id) => ({ op: 'update', object: 'company', id, fields: { city: 'Basel' } })) })
  await ask(page, 'PATCH', `/records/company/${ids[0]}`, { fields: { city: 'Chur' } })
  await page.goto('/changes')
  await page.getByRole('main').getByRole('link').nth(1).click() // the newest is the change to Chur
  await expect(page).toHaveURL(new RegExp(moved.changeset))
  await page.getByRole('button', { name: 'Preview undo' }).click()
  await expect(page.getByText('1 record was changed again since.')).toBeVisible()
  const conflict = page.getByRole('listitem').filter({ hasText: 'Kestrel Works' })
  await expect(conflict.getByRole('row', { name: /Bern Basel Chur/ })).toBeVisible()
  await accessible(page, 'conflicts')
  await page.getByRole('button', { name: 'Undo the rest: 1 change' }).click()
  await expect(page.getByText('This was undone')).toBeVisible()
  expect((await ask(page, 'GET', `/records/company/${ids[1]}`)).fields.city).toBe('Bern')
  expect((await ask(page, 'GET', `/records/company/${ids[0]}`)).fields.city).toBe('Chur')
})

test('Ctrl+Z takes back what the server knows, after a reload', async ({ signedIn, guard }) => {
  guard.allow(/404/) // the record of the page goes and comes
  const page = await signedIn('owner')
  const made = await ask(page, 'POST', '/records/company', { fields: { name: 'Osprey Works' } })
  await page.goto(`/o/company/${made.id}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Osprey Works')
  await page.keyboard.press('Control+z')
  await expect(page.getByText('Taken back: Edit (1 change)')).toBeVisible()
  await page.getByRole('button', { name: 'Redo' }).click()
  await expect(page.getByText('Done again: Edit (1 change)')).toBeVisible()
  expect((await ask(page, 'GET', `/records/company/${made.id}`)).fields.name).toBe('Osprey Works')
})

test('what was deleted is in the bin, and comes back', async ({ signedIn }) => {
  const page = await signedIn('manager')
  const made = await ask(page, 'POST', '/records/company', { fields: { name: 'Plover Works' } })
  await ask(page, 'DELETE', `/records/company/${made.id}`)
  await page.goto('/o/company')
  await page.getByRole('button', { name: 'More', exact: true }).first().click()
  await page.getByRole('menuitem', { name: 'Open the bin' }).click()
  await expect(page.getByRole('gridcell', { name: 'Plover Works', exact: true })).toBeVisible()
  await page.getByRole('row', { name: /Plover Works/ }).getByRole('checkbox').click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await expect(page.getByText('1 record restored')).toBeVisible()
  await expect(page.getByRole('gridcell', { name: 'Plover Works', exact: true })).toBeHidden()
  expect((await ask(page, 'GET', `/records/company/${made.id}`)).fields.name).toBe('Plover Works')
})

test('the keyboard alone imports a file', async ({ signedIn }) => {
  const page = await signedIn('manager')
  await page.goto('/o/company')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.getByRole('button', { name: 'More', exact: true }).first().focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Import a file' }).press('Enter')
  await expect(page).toHaveURL(/imports\/new\?object=company/)
  await page.locator('input[type=file]').setInputFiles(csv('k.csv', 'Name\nCurlew Works\n'))
  await expect(page).toHaveURL(/step=preview/)
  for (const step of ['columns', 'check']) {
    await page.getByRole('button', { name: 'Next' }).focus()
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`step=${step}`))
  }
  await page.getByRole('button', { name: /^Import 1 company/ }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Undo import' })).toBeVisible()
  await page.keyboard.press('Control+z')
  await expect(page.getByText('Taken back: 1 company imported')).toBeVisible()
})

for (const [lang, locale] of [['English', 'en-GB'], ['Chinese', 'zh-CN']] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${lang}, ${colorScheme}`, () => {
      test.use({ locale, colorScheme })
      test('pages of data are accessible, and fit a telephone', async ({ signedIn }) => {
        const page = await signedIn('manager')
        await page.addInitScript((look) => localStorage.setItem('look', look), colorScheme)
        await ask(page, 'PATCH', '/session', { locale: locale === 'zh-CN' ? 'zh_cn' : 'en' })
        const look = async (what: string) => {
          await accessible(page, what)
          await page.setViewportSize({ width: 390, height: 844 })
          await fits(page)
          await page.setViewportSize({ width: 1440, height: 900 })
        }
        const h1 = page.getByRole('heading', { level: 1 })
        for (const path of ['/imports', '/imports/new', '/imports/new?object=contact', '/exports', '/changes']) {
          await page.goto(path)
          await expect(h1).toBeVisible()
          await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
          await look(path)
        }
        await page.locator('main a[href^="/changes/"]').first().click()
        await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
        await look('a change set')
        await send(page, contacts('Linnet', 2))
        for (const step of ['preview', 'columns', 'check']) {
          await page.goto(page.url().replace(/step=\w+/, `step=${step}`))
          await expect(page.locator('table')).toBeVisible()
          await look(step)
        }
        await page.goto('/o/contact')
        await page.getByRole('main').locator('header button').first().click()
        await page.getByRole('menuitem').nth(1).click()
        await expect(page.getByRole('dialog')).toBeVisible()
        await accessible(page, 'the dialog of an export')
        await ask(page, 'PATCH', '/session', { locale: 'en' })
      })
    })
  }
}
