/** Values as people read them. A value that was never reported is "no data", never 0. */
import { t } from './i18n';
import { city } from './state/city.svelte';
import { prefs } from './state/prefs.svelte';

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);

export function number(value: Maybe, digits = 0): string {
  if (!known(value)) return t('value.none');
  return new Intl.NumberFormat(prefs.language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A share 0..1 as percent. */
export function percent(value: Maybe, digits = 0): string {
  return known(value) ? `${number(value * 100, digits)}%` : t('value.none');
}

type Unit = 'min' | 's' | 'km' | 'm' | 'mps' | 'c' | 'mb' | 'times';

export function unit(value: Maybe, name: Unit, digits = 0): string {
  return known(value) ? t(`unit.${name}`, { value: number(value, digits) }) : t('value.none');
}

/** Seconds as "45 s", "12 min", "3 h 5 min" or "2 d". */
export function duration(seconds: Maybe): string {
  if (!known(seconds)) return t('value.none');
  const s = Math.abs(seconds);
  if (s < 90) return unit(Math.round(s), 's');
  const minutes = Math.round(s / 60);
  if (minutes < 120) return unit(minutes, 'min');
  if (minutes < 48 * 60) return t('unit.hm', { h: Math.floor(minutes / 60), m: minutes % 60 });
  return t('unit.d', { value: number(minutes / 1440, 1) });
}

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = prefs.language + city.zone + JSON.stringify(options);
  let found = cache.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(prefs.language, { timeZone: city.zone, hourCycle: 'h23', ...options });
    cache.set(key, found);
  }
  return found;
}

function show(iso: string | number | null | undefined, options: Intl.DateTimeFormatOptions): string {
  if (iso === null || iso === undefined) return t('value.none');
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? t('value.none') : formatter(options).format(date);
}

type When = string | number | null | undefined;

/** Time of day in the city, "14:05" or with seconds "14:05:09". */
export function clock(when: When, seconds = false): string {
  return show(when, { hour: '2-digit', minute: '2-digit', ...(seconds && { second: '2-digit' }) });
}

export function dayAndClock(when: When): string {
  return show(when, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
}

export function weekday(when: When): string {
  return show(when, { year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' });
}

/** "GMT+8" of the city's zone at that moment. */
export function zoneName(when: When): string {
  const date = new Date(when ?? Date.now());
  const parts = formatter({ timeZoneName: 'shortOffset' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? city.zone;
}

/** The city's calendar day of a moment as YYYY-MM-DD. */
export function cityDay(when: string | number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: city.zone, dateStyle: 'short' });
  return parts.format(new Date(when));
}

export function position(lon: Maybe, lat: Maybe): string {
  return known(lon) && known(lat) ? `${lat.toFixed(5)}°N ${lon.toFixed(5)}°E` : t('value.none');
}

export function heading(degrees: Maybe): string {
  return known(degrees) ? `${Math.round(degrees) % 360}°` : t('value.none');
}
