/** Words of the console. A key that only one language knows is a type error; see i18n.test.ts too. */
import { prefs, type Language } from '../state/prefs.svelte';
import en from './en.json';
import zh from './zh-CN.json';

export type Key = keyof typeof en;
type Dictionary = Record<Key, string>;

export const DICTIONARIES: Record<Language, Dictionary> = { 'zh-CN': zh, en };

export type Params = Record<string, string | number>;

export function fill(template: string, params: Params = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The words for `key` in the language chosen now (reactive inside components). */
export function t(key: Key, params?: Params): string {
  return fill(DICTIONARIES[prefs.language][key], params);
}

/** The words for a value of the API; one that the console does not know is shown as it is. */
export function word(prefix: 'state' | 'fs' | 'as' | 'rs' | 'cs' | 'origin' | 'sensor', value: string | null | undefined): string {
  if (!value) return t('value.none');
  const key = `${prefix}.${value}`;
  return key in en ? t(key as Key) : value;
}
