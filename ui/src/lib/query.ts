// The cache of answers: in memory only, and never of what was revealed.
import { QueryClient } from '@tanstack/react-query'
import { Problem } from './api'

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 300_000,
      refetchOnWindowFocus: true,
      networkMode: 'always', // whether the server is reached is not whether there is a network
      retry: (times, e) => times < 2 && e instanceof Problem && (e.code === 'unavailable' || e.code === 'offline'),
    },
    mutations: { networkMode: 'always', retry: false },
  },
})
