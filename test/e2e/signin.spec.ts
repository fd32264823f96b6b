import { accessible, expect, fits, password, people, signIn, test } from './lib/test.ts'

test('a stranger is asked to sign in, and gets where she wanted to', async ({ page }) => {
  await page.goto('/o/deal?layout=board')
  await expect(page).toHaveURL('/signin?next=%2Fo%2Fdeal%3Flayout%3Dboard')
  await expect(page.getByRole('status')).toContainText('You will go on where you were')
  await page.getByLabel('E-mail address').fill(people.sales)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL('/o/deal?layout=board')
})

test('a wrong password is told in words, and the address stays', async ({ page, guard }) => {
  guard.allow(/401/)
  await page.goto('/signin')
  await page.getByLabel('E-mail address').fill(people.reader)
  await page.getByLabel('Password').fill('not the password of anybody')
  await page.getByRole('button', { name: 'Sign in' }).click()
  const known = page.getByRole('alert')
  await expect(known).toHaveText('Address or password is wrong. Check both and try again.')
  await expect(page.getByLabel('E-mail address')).toHaveValue(people.reader)
  await expect(page.getByLabel('Password')).toHaveValue('')
  await expect(page.getByLabel('Password')).toBeFocused()
  await expect(page.getByLabel('Password')).toHaveAccessibleDescription('Address or password is wrong. Check both and try again.')
  await accessible(page, 'after a wrong password')
  // Who has no account is told the same.
  await page.getByLabel('E-mail address').fill('nobody@example.com')
  await page.getByLabel('Password').fill('not the password of anybody')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(known).toHaveText('Address or password is wrong. Check both and try again.')
})

test('the language is switched on the page, and kept', async ({ page }) => {
  await page.goto('/signin?next=%2Fo%2Fdeal')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('link', { name: '中文' }).click()
  await expect(page).toHaveURL('/signin?next=%2Fo%2Fdeal')
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('登录')
  await page.getByRole('link', { name: '忘记密码？' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('重设密码')
  await page.getByRole('link', { name: 'English' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('A new password')
})

test.describe('in a Chinese browser', () => {
  test.use({ locale: 'zh-CN' })
  test('the page is Chinese from the first moment', async ({ page }) => {
    await page.goto('/signin')
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
    await expect(page.getByRole('button', { name: '登录' })).toBeVisible()
  })
})

test('the keyboard alone is enough', async ({ page }) => {
  await page.goto('/signin')
  await expect(page.getByLabel('E-mail address')).toBeFocused()
  await page.keyboard.type(people.sales)
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/')
  await page.goto('/signout')
  for (const name of ['English', '中文', 'Sign out']) {
    await page.keyboard.press('Tab')
    await expect(page.locator(':focus')).toHaveText(name)
  }
  await page.keyboard.press('Enter')
  await expect(page.getByRole('status')).toHaveText('You are signed out.')
})

test('who signed out is out', async ({ page }) => {
  await signIn(page, 'manager')
  await page.goto('/signout')
  await expect(page.getByText('You are signed in as Marcus Lindqvist.')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL('/signin?out')
  await page.goBack()
  await expect(page).toHaveURL(/\/signin/)
  await page.goto('/o/deal')
  await expect(page).toHaveURL('/signin?next=%2Fo%2Fdeal')
})

test('an invitation sets a password, once', async ({ page, signedIn, guard }) => {
  guard.allow(/422/, /401/)
  await signedIn('owner')
  const session = await (await page.request.get('/api/v1/session')).json()
  const found = await (await page.request.get('/api/v1/records/user?fields=name,email&limit=50')).json()
  const priya = found.records.find((r: { fields: { email: string } }) => r.fields.email === 'priya@example.com')
  const made = await page.request.post(`/api/v1/users/${priya.id}/invitation`, { headers: { 'X-CSRF-Token': session.csrf } })
  expect(made.status()).toBe(201)
  const { path } = await made.json()
  await page.context().clearCookies()

  await page.goto(path)
  await expect(page).toHaveURL('/setup') // the code is out of the address
  await expect(page.getByLabel('Invitation code')).toBeHidden()
  await expect(page.getByLabel('E-mail address')).toBeFocused()
  await page.getByLabel('E-mail address').fill('priya@example.com')
  await page.getByLabel('New password').fill('passwordpassword')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('alert')).toContainText('can be guessed')
  await page.getByLabel('New password').fill('lantern weir copper moss')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('status')).toHaveText('Your password is set. Sign in with it now.')

  await page.goto(path)
  await page.getByLabel('E-mail address').fill('priya@example.com')
  await page.getByLabel('New password').fill('lantern weir copper moss')
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('alert')).toContainText('was used already')
})

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false })
  test('one signs in all the same', async ({ page }) => {
    await signIn(page, 'reader')
    await expect(page).toHaveURL('/')
    await page.goto('/setup')
    await expect(page.getByLabel('Invitation code')).toBeVisible()
  })
})

for (const [lang, locale] of [['English', 'en-GB'], ['Chinese', 'zh-CN']]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`${lang}, ${colorScheme}`, () => {
      test.use({ locale, colorScheme })
      test('pages are accessible, and fit a telephone and four times the size', async ({ page, signedIn }) => {
        const look = async (path: string) => {
          await page.goto(path)
          await accessible(page, path)
          for (const viewport of [{ width: 390, height: 844 }, { width: 320, height: 256 }, { width: 1440, height: 900 }]) {
            await page.setViewportSize(viewport)
            await fits(page)
          }
          const background = await page.locator('body').evaluate((e) => getComputedStyle(e).backgroundColor)
          expect(background).toBe(colorScheme === 'dark' ? 'rgb(14, 16, 18)' : 'rgb(247, 248, 248)')
        }
        for (const path of ['/signin', '/signin?out', '/forgot', '/setup']) await look(path)
        await signedIn('sales')
        await look('/signout')
      })
    })
  }
}

test('the guard of these tests sees what violates the policy', async ({ page, guard }) => {
  await page.goto('/signin')
  await page.locator('body').evaluate((e) => e.setAttribute('style', 'color: red'))
  await expect.poll(() => guard.seen.join('\n')).toContain('style-src')
  guard.seen.length = 0
  const thrown = await page.locator('main').evaluate((e) => {
    try {
      e.innerHTML = '<b>x</b>'
    } catch (error) {
      return String(error)
    }
  })
  expect(thrown).toContain('TrustedHTML')
  await expect.poll(() => guard.seen.join('\n')).toContain('require-trusted-types-for')
  guard.seen.length = 0
})
