declare module '@tabler/icons-react/dist/esm/icons/*.mjs' {
  import type { FC, SVGProps } from 'react'
  const Shape: FC<SVGProps<SVGSVGElement> & { size?: number }>
  export default Shape
}

declare module '@locales/zh-CN.json' {
  const texts: Record<string, string>
  export default texts
}
