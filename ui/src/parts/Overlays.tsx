import { lazy, Suspense } from 'react'
import { close, type Overlay, useOverlays } from '../lib/overlay'
import { Boundary } from './Boundary'

// Each is fetched when it is first opened.
const Palette = lazy(() => import('./Palette'))
const KeySheet = lazy(() => import('./KeySheet'))
const CreateDialog = lazy(() => import('./CreateDialog'))
const RevealDialog = lazy(() => import('./RevealDialog'))
const ConflictDialog = lazy(() => import('./ConflictDialog'))

function One({ o }: { o: Overlay }) {
  const shut = () => close(o.kind)
  switch (o.kind) {
    case 'palette': return <Palette onClose={shut} />
    case 'keys': return <KeySheet onClose={shut} />
    case 'create': return <CreateDialog {...o} onClose={shut} />
    case 'reveal': return <RevealDialog {...o} onClose={shut} />
    case 'conflict': return <ConflictDialog {...o} onClose={shut} />
  }
}

export function Overlays() {
  return useOverlays().map(o => <Boundary key={o.kind}><Suspense fallback={null}><One o={o} /></Suspense></Boundary>)
}
