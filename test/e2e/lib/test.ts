// What every test here stands on: a page on which no policy may be violated and nothing may go wrong
// unseen, people who are signed in, and axe.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type Page, test as base, expect } from '@playwright/test'

export { expect }

export type Role = 'owner' | 'manager' | 'sales' | 'reader'

/** Who may sign in at the demo company, by role. */
export const people: Record<Role, string> = JSON.parse(process.env.WARDBOOK_PEOPLE ?? '{}')

export const password = process.env.WARDBOOK_PASSWORD ?? ''

/** The guard notes what goes wrong on a page, and fails the test for what was not expected. */
export class Guard {
  readonly seen: string[] = []
  private readonly allowed: RegExp[] = []

  /** A test that makes something go wrong says so before. */
  allow(...what: RegExp[]) {
    this.allowed.push(...what)
  }

  async watch(context: BrowserContext) {
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (e) => console.error(`policy violated: ${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))
    })
    context.on('weberror', (e) => this.note(`error: ${e.error().stack ?? e.error().message}`))
    context.on('console', (m) => {
      if (m.type() === 'error' || /Content.Security.Policy|TrustedType|Trusted Type/i.test(m.text())) this.note(`console: ${m.text()} ${m.location().url}`)
    })
  }

  private note(what: string) {
    if (!this.allowed.some((a) => a.test(what))) this.seen.push(what)
  }

  check() {
    expect(this.seen, 'what went wrong on the page').toEqual([])
  }
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>

export const test = base.extend<{ guard: Guard; signedIn: (role: Role) => Promise<Page> }, { sessions: Map<Role, Promise<Cookies>> }>({
  // Signing in takes a while on purpose, so each worker does it once for each role.
  sessions: [async ({}, use) => use(new Map()), { scope: 'worker' }],

  guard: [
    async ({ context }, use) => {
      const guard = new Guard()
      await guard.watch(context)
      await use(guard)
      guard.check()
    },
    { auto: true },
  ],

  /** A page of somebody who has signed in. A test that signs out must not use it: others share the session. */
  signedIn: async ({ browser, context, page, sessions, baseURL, userAgent }, use) => {
    await use(async (role) => {
      let cookies = sessions.get(role)
      if (!cookies) sessions.set(role, (cookies = enter(browser, role, baseURL, userAgent)))
      await context.addCookies(await cookies)
      await inEnglish(page)
      return page
    })
  },
})

/** The people of the demo are shared: a test that has switched their language leaves it to the next one. */
async function inEnglish(page: Page) {
  const { csrf, locale } = await (await page.request.get('/api/v1/session')).json()
  if (locale !== 'zh_cn') return
  const answer = await page.request.patch('/api/v1/session', { data: { locale: 'en' }, headers: { 'X-CSRF-Token': csrf } })
  expect(answer.ok(), 'the language is set').toBe(true)
}

async function enter(browser: Browser, role: Role, baseURL?: string, userAgent?: string): Promise<Cookies> {
  const context = await browser.newContext({ baseURL, userAgent })
  try {
    const page = await context.newPage()
    await signIn(page, role)
    return (await context.cookies()).filter((c) => c.name === 'wardbook')
  } finally {
    await context.close()
  }
}

/** Signs in through the page, in English or Chinese. */
export async function signIn(page: Page, role: Role, path = '/') {
  await page.goto(path === '/' ? '/signin' : path)
  await page.locator('#email').fill(people[role])
  await page.locator('#password').fill(password)
  await page.locator('form button').click()
  await page.waitForURL((url) => url.pathname !== '/signin')
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Runs axe on a page as it is, and expects nothing to be found. axe runs in a world of its own, since the
 * page's policy lets no script in that is not the page's.
 */
export async function accessible(page: Page, what: string) {
  const cdp = await page.context().newCDPSession(page)
  try {
    const { frameTree } = await cdp.send('Page.getFrameTree')
    const { executionContextId: contextId } = await cdp.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' })
    await cdp.send('Runtime.evaluate', { contextId, expression: axeSource })
    const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', {
      contextId,
      awaitPromise: true,
      returnByValue: true,
      expression: `axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'] } })
        .then((r) => ({ passed: r.passes.length, found: r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')) }))`,
    })
    expect(exceptionDetails, 'axe ran').toBeUndefined()
    expect(result.value.passed, 'axe looked at something').toBeGreaterThan(3)
    expect(result.value.found, what).toEqual([])
  } finally {
    await cdp.detach()
  }
}

/** Expects that a page fits its window: nothing makes it scroll sideways. */
export async function fits(page: Page) {
  const { scrollWidth, clientWidth } = await page.locator('html').evaluate((e) => ({ scrollWidth: e.scrollWidth, clientWidth: e.clientWidth }))
  expect(scrollWidth, 'the page is as wide as the window').toBeLessThanOrEqual(clientWidth)
}
