import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

// `vite` (npm run dev) injects <style> elements and so hides what a strict CSP would block: look at
// `npm run build` through scripts/serve.mjs before a commit.
// Whichever stylesheet comes first must say the order of the layers, or ours lose to Mantine's.
const layers: Plugin = {
  name: 'layers',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) if (file.type === 'asset' && file.fileName.endsWith('.css')) file.source = `@layer reset,mantine,app;${String(file.source)}`
  },
}

export default defineConfig({
  plugins: [react(), layers],
  resolve: { alias: { '@locales': fileURLToPath(new URL('../locales', import.meta.url)) } },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' }, fs: { allow: ['..'] } },
  build: {
    target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false, reportCompressedSize: false, manifest: 'manifest.json',
  },
})
