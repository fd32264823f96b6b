// Pictures of the pages, to be looked at: WARDBOOK_SHOTS names the folder for them.
import { mkdirSync } from 'node:fs'
import { signIn, test } from './lib/test.ts'

const folder = process.env.WARDBOOK_SHOTS ?? ''

test.skip(folder === '', 'WARDBOOK_SHOTS names no folder')

for (const locale of ['en-GB', 'zh-CN']) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1440]) {
      test.describe(`${locale} ${colorScheme} ${width}`, () => {
        test.use({ locale, colorScheme, viewport: { width, height: width < 500 ? 844 : 900 } })
        test('pictures', async ({ page, guard }) => {
          guard.allow(/401|422/)
          mkdirSync(folder, { recursive: true })
          const shoot = (name: string) => page.screenshot({ path: `${folder}/${name}-${locale}-${colorScheme}-${width}.png` })
          for (const name of ['signin', 'forgot', 'setup']) {
            await page.goto('/' + name)
            await shoot(name)
          }
          await page.goto('/signin')
          await page.locator('#email').fill('nobody@example.com')
          await page.locator('#password').fill('no password at all')
          await page.locator('form button').click()
          await page.getByRole('alert').waitFor()
          await shoot('wrong')
          await signIn(page, 'sales')
          await page.goto('/signout')
          await shoot('signout')
        })
      })
    }
  }
}
