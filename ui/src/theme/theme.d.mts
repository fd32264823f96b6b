import type { MantineThemeOverride } from '@mantine/core'

export const overrides: MantineThemeOverride
