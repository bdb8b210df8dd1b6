/** Colours of the map come from the style sheet, so that map and panels change theme together. */

export type Palette = (name: string) => string;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const cache = new Map<string, string>();
  return (name) => {
    let value = cache.get(name);
    if (value === undefined) {
      value = style.getPropertyValue(`--${name}`).trim() || '#888888';
      cache.set(name, value);
    }
    return value;
  };
}

/** `#rrggbb` (or `#rgb`, to which style sheets are shortened) with an opacity 0..1. */
export function faint(hex: string, opacity: number): string {
  const digits = hex.slice(1);
  const value = Number.parseInt(digits.length === 3 ? digits.replace(/./g, '$&$&') : digits, 16);
  return `rgba(${(value >> 16) & 255},${(value >> 8) & 255},${value & 255},${opacity})`;
}

export const FONT = '"Noto Sans SC Variable", system-ui, sans-serif';
