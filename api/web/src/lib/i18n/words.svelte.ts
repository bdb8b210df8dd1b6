/** The dictionary in use. Only the language that is spoken is loaded; the other one when asked for. */
import type { Language } from '../state/prefs.svelte';
import type en from './en.json';

export type Key = keyof typeof en;
export type Dictionary = Record<Key, string>;

const LOADERS: Record<Language, () => Promise<{ default: Dictionary }>> = {
  'zh-CN': () => import('./zh-CN.json'),
  en: () => import('./en.json'),
};

class Words {
  current = $state.raw({} as Dictionary);

  /** Load a language and use it from now on. Rejects when its file cannot be had. */
  async load(language: Language): Promise<void> {
    this.current = (await LOADERS[language]()).default;
  }
}

export const words = new Words();
