// Writes src/theme/mantine.gen.css: the variables that MantineProvider would put into a <style> element,
// which the CSP refuses. Run `npm run theme` after a change of Mantine's version.
import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core'
import { writeFileSync } from 'node:fs'
import { overrides } from '../src/theme/theme.mjs'

const theme = mergeMantineTheme(DEFAULT_THEME, overrides)
const css = convertCssVariables(defaultCssVariablesResolver(theme), ':root')
writeFileSync(new URL('../src/theme/mantine.gen.css', import.meta.url), `/* made by scripts/gen-theme.mjs */\n@layer mantine {\n${css}\n}\n`)
