import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// `vite` (npm run dev) injects <style> elements and so hides what a strict CSP would block: look at
// `npm run build` through scripts/serve.mjs before a commit.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@locales': fileURLToPath(new URL('../locales', import.meta.url)) } },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' }, fs: { allow: ['..'] } },
  build: {
    target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false, reportCompressedSize: false, manifest: 'manifest.json',
  },
})
