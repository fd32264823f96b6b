import { Component, type ReactNode } from 'react'
import { t } from '../lib/i18n'
import { ErrorState } from './States'

/** A part that breaks, breaks alone: it says so in its own place and can be tried again. */
export class Boundary extends Component<{ children: ReactNode }, { broken: unknown }> {
  override state = { broken: undefined as unknown }
  static getDerivedStateFromError(broken: unknown) { return { broken: broken ?? true } }
  override render() {
    if (this.state.broken === undefined) return this.props.children
    // A page that could not be fetched: the server was made anew, or is not reached.
    const fetching = this.state.broken instanceof TypeError && /import|fetch|module/i.test(this.state.broken.message)
    return <ErrorState text={t(fetching ? 'broken.fetch' : 'broken')} onRetry={() => { if (fetching) location.reload(); else this.setState({ broken: undefined }) }} />
  }
}
