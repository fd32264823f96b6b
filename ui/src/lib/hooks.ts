import { useLayoutEffect, useRef, useState, useEffect } from 'react'

/** A function that stays the same and always does what the newest one does: for children that are not to
 *  be painted again, and for listeners. */
export function useStable<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  const latest = useRef(f)
  useLayoutEffect(() => { latest.current = f })
  return useRef((...args: A) => latest.current(...args)).current
}

/** A value that follows with a delay. */
export function useLate<T>(value: T, ms: number): T {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return late
}

export function useNarrow(px = 900): boolean {
  const query = `(max-width: ${px - 1}px)`
  const [narrow, setNarrow] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const m = matchMedia(query)
    const f = () => setNarrow(m.matches)
    m.addEventListener('change', f)
    return () => m.removeEventListener('change', f)
  }, [query])
  return narrow
}

/** Sets the page's title. */
export function useTitle(title: string) {
  useEffect(() => { document.title = title ? `${title} · Wardbook` : 'Wardbook' }, [title])
}
