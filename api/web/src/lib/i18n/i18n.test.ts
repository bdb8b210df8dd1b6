import { describe, expect, it } from 'vitest';
import en from './en.json';
import zh from './zh-CN.json';

const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();

describe('dictionaries', () => {
  it('know the same keys', () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.entries(en))('%s has the same placeholders and no empty text', (key, text) => {
    const chinese = zh[key as keyof typeof zh];
    expect(placeholders(chinese)).toEqual(placeholders(text));
    expect(chinese.trim()).not.toBe('');
    expect(text.trim()).not.toBe('');
  });
});
