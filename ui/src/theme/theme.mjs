// What Mantine is to look like. Plain JavaScript, so that scripts/gen-theme.mjs reads it without a build.
const teal = ['#e9f6f4', '#d3ebe8', '#a6d6d0', '#75c0b7', '#4cada2', '#2f9b8f', '#1b8a7f', '#0f766e', '#0b5f59', '#084843']
const sans = "'Inter Variable', 'PingFang SC', 'HarmonyOS Sans SC', 'Microsoft YaHei UI', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', system-ui, sans-serif"

/** @type {import('@mantine/core').MantineThemeOverride} */
export const overrides = {
  colors: { teal },
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 7 },
  fontFamily: sans,
  headings: { fontFamily: sans, fontWeight: '600' },
  defaultRadius: 'sm',
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '16px' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  lineHeights: { xs: '16px', sm: '19px', md: '20px', lg: '24px', xl: '24px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  // A menu has items and nothing else: its first item takes the focus.
  components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } },
}
