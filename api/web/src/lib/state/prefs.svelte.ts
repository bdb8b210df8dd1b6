/** Language and theme: remembered in this browser, switched live. */

export type Language = 'zh-CN' | 'en';
export type Theme = 'light' | 'dark';

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(key);
  return allowed.find((option) => option === value) ?? otherwise;
}

const spoken: Language = navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
const liked: Theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';

class Preferences {
  language = $state<Language>(stored('flyonce.language', ['zh-CN', 'en'] as const, spoken));
  theme = $state<Theme>(stored('flyonce.theme', ['light', 'dark'] as const, liked));

  speak(language: Language): void {
    this.language = language;
    localStorage.setItem('flyonce.language', language);
  }

  light(theme: Theme): void {
    this.theme = theme;
    localStorage.setItem('flyonce.theme', theme);
  }
}

export const prefs = new Preferences();
