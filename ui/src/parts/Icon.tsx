// Every icon of the screen: one import each (the package's index would cost seconds of a build).
import IconAlert from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconArrowDown from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs'
import IconArrowUp from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs'
import IconBox from '@tabler/icons-react/dist/esm/icons/IconBox.mjs'
import IconBriefcase from '@tabler/icons-react/dist/esm/icons/IconBriefcase.mjs'
import IconBuilding from '@tabler/icons-react/dist/esm/icons/IconBuilding.mjs'
import IconCalendar from '@tabler/icons-react/dist/esm/icons/IconCalendar.mjs'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconChevronRight from '@tabler/icons-react/dist/esm/icons/IconChevronRight.mjs'
import IconChecklist from '@tabler/icons-react/dist/esm/icons/IconChecklist.mjs'
import IconColumns from '@tabler/icons-react/dist/esm/icons/IconColumns3.mjs'
import IconCube from '@tabler/icons-react/dist/esm/icons/IconCube.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconEye from '@tabler/icons-react/dist/esm/icons/IconEye.mjs'
import IconFile from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs'
import IconFlag from '@tabler/icons-react/dist/esm/icons/IconFlag.mjs'
import IconHelp from '@tabler/icons-react/dist/esm/icons/IconHelp.mjs'
import IconHistory from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs'
import IconHome from '@tabler/icons-react/dist/esm/icons/IconHome.mjs'
import IconId from '@tabler/icons-react/dist/esm/icons/IconId.mjs'
import IconLayoutList from '@tabler/icons-react/dist/esm/icons/IconLayoutList.mjs'
import IconLock from '@tabler/icons-react/dist/esm/icons/IconLock.mjs'
import IconLogout from '@tabler/icons-react/dist/esm/icons/IconLogout.mjs'
import IconMaximize from '@tabler/icons-react/dist/esm/icons/IconArrowsDiagonal.mjs'
import IconMenu from '@tabler/icons-react/dist/esm/icons/IconMenu2.mjs'
import IconMoon from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs'
import IconNote from '@tabler/icons-react/dist/esm/icons/IconNote.mjs'
import IconPhone from '@tabler/icons-react/dist/esm/icons/IconPhone.mjs'
import IconPin from '@tabler/icons-react/dist/esm/icons/IconPin.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import IconShield from '@tabler/icons-react/dist/esm/icons/IconShield.mjs'
import IconSort from '@tabler/icons-react/dist/esm/icons/IconArrowsSort.mjs'
import IconStack from '@tabler/icons-react/dist/esm/icons/IconStack2.mjs'
import IconSun from '@tabler/icons-react/dist/esm/icons/IconSun.mjs'
import IconTarget from '@tabler/icons-react/dist/esm/icons/IconTargetArrow.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUndo from '@tabler/icons-react/dist/esm/icons/IconArrowBackUp.mjs'
import IconUser from '@tabler/icons-react/dist/esm/icons/IconUser.mjs'
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import IconLanguage from '@tabler/icons-react/dist/esm/icons/IconLanguage.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import IconSidebar from '@tabler/icons-react/dist/esm/icons/IconLayoutSidebar.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconKeyboard.mjs'
import IconLink from '@tabler/icons-react/dist/esm/icons/IconExternalLink.mjs'

const icons = {
  alert: IconAlert, down: IconArrowDown, up: IconArrowUp, box: IconBox, briefcase: IconBriefcase, building: IconBuilding, calendar: IconCalendar, check: IconCheck,
  chevronDown: IconChevronDown, chevronRight: IconChevronRight, checklist: IconChecklist, columns: IconColumns, cube: IconCube, dots: IconDots, eye: IconEye, file: IconFile,
  filter: IconFilter, flag: IconFlag, help: IconHelp, history: IconHistory, id: IconId, list: IconLayoutList, lock: IconLock, logout: IconLogout, maximize: IconMaximize,
  menu: IconMenu, moon: IconMoon, note: IconNote, phone: IconPhone, pin: IconPin, plus: IconPlus, search: IconSearch, shield: IconShield, sort: IconSort, stack: IconStack,
  sun: IconSun, target: IconTarget, trash: IconTrash, undo: IconUndo, user: IconUser, users: IconUsers, language: IconLanguage, x: IconX, sidebar: IconSidebar, keyboard: IconSend,
  external: IconLink, home: IconHome,
}

export type IconName = keyof typeof icons

const objects: Record<string, IconName> = {
  lead: 'target', company: 'building', contact: 'id', deal: 'briefcase', task: 'checklist', meeting: 'calendar', call: 'phone', note: 'note', document: 'file', product: 'box',
  pipeline: 'stack', stage: 'flag', user: 'user', team: 'users', role: 'shield', view: 'list', change_set: 'history', import: 'down', export: 'up', stage_change: 'history',
}

/** The icon of an object; the organisation's own objects have a cube. */
export const iconOf = (object: string): IconName => objects[object] ?? 'cube'

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const Shape = icons[name]
  return <Shape size={size} strokeWidth={1.7} aria-hidden />
}
