// Icons of types: here and not in parts/Icon, so that only this page pays for them.
import Address from '@tabler/icons-react/dist/esm/icons/IconMapPin.mjs'
import Any from '@tabler/icons-react/dist/esm/icons/IconAffiliate.mjs'
import Archive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import Arrow from '@tabler/icons-react/dist/esm/icons/IconArrowUpRight.mjs'
import Auto from '@tabler/icons-react/dist/esm/icons/IconHash.mjs'
import Bool from '@tabler/icons-react/dist/esm/icons/IconToggleLeft.mjs'
import Braces from '@tabler/icons-react/dist/esm/icons/IconBraces.mjs'
import Coin from '@tabler/icons-react/dist/esm/icons/IconCoin.mjs'
import Day from '@tabler/icons-react/dist/esm/icons/IconCalendar.mjs'
import Decimal from '@tabler/icons-react/dist/esm/icons/IconDecimal.mjs'
import Dot from '@tabler/icons-react/dist/esm/icons/IconCircleDot.mjs'
import File from '@tabler/icons-react/dist/esm/icons/IconFile.mjs'
import Formula from '@tabler/icons-react/dist/esm/icons/IconMathFunction.mjs'
import Grip from '@tabler/icons-react/dist/esm/icons/IconGripVertical.mjs'
import Key from '@tabler/icons-react/dist/esm/icons/IconKey.mjs'
import Letter from '@tabler/icons-react/dist/esm/icons/IconLetterT.mjs'
import Lines from '@tabler/icons-react/dist/esm/icons/IconAlignLeft.mjs'
import Link from '@tabler/icons-react/dist/esm/icons/IconLink.mjs'
import List from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import Mail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import Markdown from '@tabler/icons-react/dist/esm/icons/IconMarkdown.mjs'
import Moment from '@tabler/icons-react/dist/esm/icons/IconCalendarTime.mjs'
import Percent from '@tabler/icons-react/dist/esm/icons/IconPercentage.mjs'
import Phone from '@tabler/icons-react/dist/esm/icons/IconPhone.mjs'
import Photo from '@tabler/icons-react/dist/esm/icons/IconPhoto.mjs'
import Sum from '@tabler/icons-react/dist/esm/icons/IconSum.mjs'
import Time from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import User from '@tabler/icons-react/dist/esm/icons/IconUser.mjs'
import Users from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import World from '@tabler/icons-react/dist/esm/icons/IconWorld.mjs'

const icons = {
  text: Letter, longtext: Lines, richtext: Markdown, email: Mail, phone: Phone, url: Link, int: Auto, decimal: Decimal, money: Coin, percent: Percent, duration: Time, autonumber: Auto,
  date: Day, datetime: Moment, picklist: Dot, multipick: List, bool: Bool, lookup: Arrow, lookups: Any, any: Any, user: User, team: Users, formula: Formula, rollup: Sum,
  address: Address, geo: World, file: File, image: Photo, json: Braces, secret: Key, grip: Grip, archive: Archive,
}

export function TypeIcon({ type, size = 16 }: { type: string; size?: number }) {
  const Shape = icons[type as keyof typeof icons] ?? Letter
  return <Shape size={size} strokeWidth={1.7} aria-hidden />
}
