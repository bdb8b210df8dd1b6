/** The part of the address after `#`: page and parameters, so that every state can be shared. */

export const PAGES = ['situation', 'plan', 'requests', 'cases', 'review', 'report'] as const;
export type PageName = (typeof PAGES)[number];

export interface Place {
  page: PageName;
  params: Record<string, string>;
}

/** Read `#/plan?day=2026-01-01`; anything unknown is the situation page. */
export function parse(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const page = PAGES.find((name) => name === path) ?? 'situation';
  return { page, params: Object.fromEntries(new URLSearchParams(query)) };
}

export function write({ page, params }: Place): string {
  // Commas and colons are legal in a fragment; leaving them alone keeps addresses readable.
  const query = new URLSearchParams(params).toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return `#/${page}${query ? `?${query}` : ''}`;
}

/** Take `name=...` out of a fragment: the value and the fragment that may be shown and shared. */
export function splitParam(hash: string, name: string): { value: string | null; rest: string } {
  const match = new RegExp(`([#?&/])${name}=([^&]*)&?`).exec(hash);
  if (!match) return { value: null, rest: hash };
  const rest = hash.replace(match[0], match[1] ?? '').replace(/[?&#]+$/, '');
  return { value: decodeURIComponent(match[2] ?? ''), rest };
}
