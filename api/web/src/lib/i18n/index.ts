/** Words of the console. A key that only one language knows is a type error; see i18n.test.ts too. */
import { prefs, type Language } from '../state/prefs.svelte';
import { words, type Key } from './words.svelte';

export type { Key };

export type Params = Record<string, string | number>;

export function fill(template: string, params: Params = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The words for `key` in the language chosen now (reactive inside components). */
export function t(key: Key, params?: Params): string {
  return fill(words.current[key], params);
}

type Vocabulary = 'state' | 'fs' | 'as' | 'rs' | 'cs' | 'origin' | 'sensor';

/** The words for a value of the API; one that the console does not know is shown as it is. */
export function word(vocabulary: Vocabulary, value: string | null | undefined): string {
  if (!value) return t('value.none');
  const key = `${vocabulary}.${value.replaceAll(' ', '_')}`;
  return (words.current as Record<string, string>)[key] ?? value;
}

/** Switch the language, live. */
export async function speak(language: Language): Promise<void> {
  await words.load(language);
  prefs.speak(language);
}
