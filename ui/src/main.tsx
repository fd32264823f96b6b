import './theme/styles.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { onSessionEnd, Problem } from './lib/api'
import { langOf, setLang, t } from './lib/i18n'
import { MantineProvider } from './lib/kit'
import { client } from './lib/query'
import { loadObjects } from './lib/schema'
import { askToSignIn, leave, loadSession, schemeManager } from './lib/session'
import { listen } from './lib/shortcuts'
import { explain } from './lib/toast'
import { router } from './router'
import { overrides } from './theme/theme.mjs'

/** Without a session or a server there is nothing to show but why. */
function fail(e: unknown) {
  if (e instanceof Problem && e.code === 'unauthenticated') return leave()
  const box = document.createElement('div')
  box.className = 'start-failed'
  box.setAttribute('role', 'alert')
  const text = document.createElement('p')
  text.textContent = explain(e)
  const again = document.createElement('button')
  again.textContent = t('retry')
  again.onclick = () => location.reload()
  box.append(text, again)
  document.getElementById('root')!.replaceChildren(box)
}

async function start() {
  const language = setLang(langOf(document.documentElement.lang))
  try {
    await Promise.all([language, loadSession(), loadObjects()])
  } catch (e) {
    await language
    return fail(e)
  }
  onSessionEnd(askToSignIn)
  listen()
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <MantineProvider theme={overrides} withCssVariables={false} withGlobalClasses={false} colorSchemeManager={schemeManager} defaultColorScheme="light">
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}

void start()
