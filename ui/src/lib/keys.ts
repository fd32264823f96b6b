// The keys of cached answers. A change of an object makes all that begins with its keys stale.
export const keys = {
  objects: ['objects'] as const,
  records: (object: string) => ['records', object] as const,
  list: (object: string, query: Record<string, unknown>) => ['records', object, 'list', query] as const,
  table: (object: string, query: unknown) => ['records', object, 'table', query] as const,
  record: (object: string, id: string) => ['records', object, 'one', id] as const,
  history: (object: string, id: string) => ['records', object, 'history', id] as const,
  choices: (object: string, search: string) => ['records', object, 'choices', search] as const,
  views: (object: string) => ['records', 'view', 'of', object] as const,
  search: (q: string) => ['search', q] as const,
}
