// The only door to Mantine. What is not named here is not used: see "strict profile" in README.md.
export {
  ActionIcon, Button, Checkbox, Group, Loader, MantineProvider, Menu, Modal, PasswordInput, Popover, SegmentedControl, Skeleton, Stack, Switch, Tabs, TextInput,
  Textarea, Tooltip,
} from '@mantine/core'
