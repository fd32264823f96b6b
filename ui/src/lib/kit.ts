// The only door to Mantine. What is not named here is not used, and its styles are not in theme/styles.css:
// see "strict profile" in README.md.
export { Button, MantineProvider, Menu, Modal, Popover } from '@mantine/core'
