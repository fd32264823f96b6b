import type { Page } from '@playwright/test'
import { accessible, expect, fits, test } from './lib/test.ts'

/** Sends as the page would. */
async function call(page: Page, method: string, path: string, data?: unknown) {
  const { csrf } = await (await page.request.get('/api/v1/session')).json()
  return page.request.fetch(`/api/v1${path}`, { method, data, headers: { 'X-CSRF-Token': csrf } })
}

/** Shows the page as to somebody who prefers so; the person of the demo, whom other tests share, stays as she is. */
async function look(page: Page, lang: 'en' | 'zh-CN', theme: 'light' | 'dark') {
  await page.route('**/*', async (route) => {
    const document = route.request().resourceType() === 'document'
    const session = route.request().method() === 'GET' && new URL(route.request().url()).pathname === '/api/v1/session'
    if (!document && !session) return route.fallback()
    const response = await route.fetch()
    if (session) return route.fulfill({ response, json: { ...(await response.json()), theme } })
    return route.fulfill({ response, body: (await response.text()).replace(/(<html[^>]* lang=)"?[\w-]+"?/, `$1"${lang}"`) })
  })
}

test.describe.configure({ mode: 'serial' })

test('a field is added with the keyboard alone, and stands in the form and the list', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.goto('/admin/objects/product')
  await expect(page.getByRole('heading', { name: 'Choose a field' })).toBeVisible()
  await page.keyboard.press('c')
  await expect(page.getByRole('button', { name: /^Text One line/ })).toBeFocused()
  await page.getByRole('button', { name: /^One of several/ }).focus()
  await page.keyboard.press('Enter')
  await page.getByLabel('Label, English').focus()
  await page.keyboard.type('Support level')
  await expect(page.getByLabel('Technical name')).toHaveValue('support_level')
  await page.getByRole('button', { name: 'Add a choice' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Choice 1, English')).toBeFocused()
  await page.keyboard.type('Basic')
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Choice 2, English')).toBeFocused()
  await page.keyboard.type('Premium')
  await page.keyboard.press('Alt+ArrowUp')
  await expect(page.getByLabel('Choice 1, English')).toHaveValue('Premium')
  await expect(page.getByLabel('Choice 1, English')).toBeFocused()
  await page.keyboard.press('Control+Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Premium · Basic')).toBeVisible()
  await expect(dialog.getByText('Checked: nothing stands in the way')).toBeVisible()
  await accessible(page, 'the difference')
  await dialog.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/field=support_level/)
  await expect(page.getByRole('button', { name: /Support level/ })).toBeVisible()
  const o = await (await page.request.get('/api/v1/objects/product')).json()
  const f = o.fields.find((x: { name: string }) => x.name === 'support_level')
  expect(f.options.map((x: { key: string }) => x.key)).toEqual(['premium', 'basic'])
  expect(f.label).toEqual({ en: 'Support level', zh: 'Support level' })
})

test('what the server refuses stands in the dialog and at its place; what is typed stays', async ({ signedIn, guard }) => {
  guard.allow(/409/, /422/)
  const page = await signedIn('owner')
  await page.goto('/admin/objects/product?field=support_level')
  await page.getByRole('checkbox', { name: /^Required/ }).check()
  await page.getByRole('button', { name: 'Review and save' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('alert')).toContainText('have no value')
  await expect(dialog.getByRole('button', { name: 'Save', exact: true })).toBeDisabled()
  await dialog.getByRole('button', { name: 'Back to the form' }).click()
  await expect(page.getByRole('checkbox', { name: /^Required/ })).toBeChecked()
  await expect(page.getByText(/have no value: fill them in first/)).toBeVisible()
  await page.getByRole('button', { name: /^Code code/ }).click()
  await page.getByRole('button', { name: /Support level/ }).click()
  await expect(page.getByRole('checkbox', { name: /^Required/ })).toBeChecked()
  await page.getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByRole('checkbox', { name: /^Required/ })).not.toBeChecked()
})

test('a formula is read while it is written: the wrong character, then the result', async ({ signedIn, guard }) => {
  guard.allow(/422/)
  const page = await signedIn('owner')
  await page.goto('/admin/objects/deal?field=%2B')
  await page.getByRole('button', { name: /^Formula/ }).click()
  await page.getByLabel('Label, Chinese').fill('加权金额')
  await expect(page.getByLabel('Technical name')).toHaveValue(/^field_\d+$/)
  await page.getByLabel('Formula').fill('amount * chance')
  await expect(page.getByText('deal has no field "chance"')).toBeVisible()
  await page.getByRole('button', { name: 'Go to character 10' }).click()
  await expect(page.getByLabel('Formula')).toBeFocused()
  await page.getByLabel('Formula').fill('amount * probability / 100')
  await expect(page.getByText('It can be read. It gives: Number.')).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page).toHaveURL('/admin/objects/deal')
})

test('an object of one’s own comes, gets a field of a higher class, and is archived', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.goto('/admin/objects')
  await page.getByRole('button', { name: 'New object' }).click()
  await page.getByLabel('Label, English').fill('Machine')
  await expect(page.getByLabel('Plural, English')).toHaveValue('Machines')
  await page.getByRole('button', { name: 'Make the object' }).click()
  await expect(page).toHaveURL('/admin/objects/machine?field=%2B')
  await expect(page.getByRole('navigation').first().getByRole('link', { name: 'Machines' })).toBeVisible()
  expect((await call(page, 'POST', '/records/machine', { fields: { name: 'Lathe' } })).status()).toBe(201)
  await page.goto('/admin/objects/machine?field=name')
  await page.getByRole('radio', { name: /^Personal/ }).check()
  await page.getByRole('button', { name: 'Review and save' }).click()
  await expect(page.getByRole('dialog')).toContainText('encrypted in the background')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByRole('radio', { name: /^Internal/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Names and title' }).click()
  await page.getByRole('button', { name: 'Archive' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page).toHaveURL('/admin/objects')
  await expect(page.getByRole('heading', { name: 'Archived' })).toBeVisible()
})

test('who may not define sees no trace of it', async ({ signedIn }) => {
  const page = await signedIn('sales')
  await page.goto('/settings')
  await expect(page.getByRole('heading', { name: 'Your settings' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Objects and fields' })).toHaveCount(0)
  for (const path of ['/admin/objects', '/admin/objects/deal']) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1, name: 'Nothing here' })).toBeVisible()
    await expect(page.getByText('Came with Wardbook')).toHaveCount(0)
  }
})

test('a summary of linked records is described, and computed', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.goto('/admin/objects/company?field=%2B')
  await page.getByRole('button', { name: /^Summary of linked records/ }).click()
  await page.getByLabel('Label, English').fill('Won so far')
  await page.getByLabel('Of which records').selectOption({ label: 'Deals' })
  await page.getByRole('combobox', { name: /^What/ }).selectOption('sum')
  await page.getByLabel('Of which field').selectOption({ label: 'Amount' })
  await page.getByLabel('Only those that (condition)').fill('stage.outcome == "won"')
  await page.getByRole('button', { name: 'Review and save' }).click()
  await expect(page.getByRole('dialog')).toContainText('Nothing is stored')
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page).toHaveURL(/field=won_so_far/)
  const o = await (await page.request.get('/api/v1/objects/company')).json()
  expect(o.fields.find((x: { name: string }) => x.name === 'won_so_far').result).toBe('money')
})

test('a wrong password changes nothing, and is told at its field', async ({ signedIn, guard }) => {
  guard.allow(/401/, /403/, /422/)
  const page = await signedIn('reader')
  await page.goto('/settings')
  await page.getByLabel('Your password now').fill('not what it is at all')
  await page.getByLabel('New password').fill('lantern weir copper moss')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByLabel('Your password now')).toHaveAttribute('aria-invalid', 'true')
  await expect(page.getByLabel('New password')).toHaveValue('lantern weir copper moss')
})

test('stages are reordered and saved as one change, and undone', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.goto('/admin/pipelines')
  const first = page.getByLabel('Name of stage 1', { exact: true }).first()
  const second = page.getByLabel('Name of stage 2', { exact: true }).first()
  const [a, b] = [await first.inputValue(), await second.inputValue()]
  await first.focus()
  await page.keyboard.press('Alt+ArrowDown')
  await expect(second).toHaveValue(a)
  await expect(second).toBeFocused()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText(/ saved$/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save as one change' })).toHaveCount(0)
  await expect(first).toHaveValue(b)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(first).toHaveValue(a)
  await expect(second).toHaveValue(b)
})

test('a token is shown once, and revoked', async ({ signedIn }) => {
  const page = await signedIn('manager')
  await page.goto('/settings')
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('What it is for').fill('Nightly report')
  await page.getByRole('button', { name: 'Make the token' }).click()
  const text = page.getByRole('textbox', { name: 'Your new token' })
  await expect(text).toHaveValue(/^wb_/)
  await accessible(page, 'a token, once')
  const token = await text.inputValue()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  expect(await page.content()).not.toContain(token)
  await page.getByRole('button', { name: 'Revoke the token Nightly report' }).click()
  await expect(page.getByText('You have no tokens.')).toBeVisible()
})

test('a person is invited with a role, by a link that is shown once', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.goto('/admin/people')
  await page.getByRole('button', { name: 'Invite a person' }).click()
  await page.getByLabel('Name', { exact: false }).first().fill('Nora New')
  await page.getByLabel('E-mail address').fill('nora@example.com')
  await page.getByRole('checkbox').first().check()
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  await expect(page.getByRole('textbox', { name: 'Invitation for Nora New' })).toHaveValue(/\/setup#wbi_/)
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await expect(page.getByText('nora@example.com').first()).toBeVisible()
})

for (const [lang, theme] of [['en', 'light'], ['zh-CN', 'dark'], ['en', 'dark'], ['zh-CN', 'light']] as const) {
  test(`accessible: ${lang}, ${theme}`, async ({ signedIn }) => {
    test.slow()
    const page = await signedIn('owner')
    await look(page, lang, theme)
    for (const path of ['/admin/objects', '/admin/objects/contact', '/admin/objects/contact?field=%2B', '/admin/objects/contact?field=identity_number', '/admin/objects/lead?field=rating', '/admin/objects/contact?field=*', '/settings', '/admin/people', '/admin/pipelines']) {
      await page.goto(path)
      await expect(page.locator('[aria-busy]')).toHaveCount(0)
      await expect(page.locator('h1')).toBeVisible()
      await expect(page.locator('html')).toHaveAttribute('lang', lang)
      await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme)
      await accessible(page, path)
      await fits(page)
    }
  })
}

test('a phone is wide enough', async ({ signedIn }) => {
  const page = await signedIn('owner')
  await page.setViewportSize({ width: 390, height: 844 })
  for (const path of ['/admin/objects', '/admin/objects/contact', '/admin/objects/contact?field=email', '/settings', '/admin/people', '/admin/pipelines']) {
    await page.goto(path)
    await expect(page.locator('h1')).toBeVisible()
    await fits(page)
  }
})
