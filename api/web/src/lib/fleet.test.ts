import { describe, expect, it } from 'vitest';
import type { DroneRow } from './api/types';
import { droneOf, isSilent, needsAttention, pick } from './fleet';

const row = (id: string, state: string, heard: number | null = 0.4): DroneRow => [id, 118.8, 28.9, 90, 45, 12, 0.8, state, null, null, heard, 3];
const words = (drone: { id: string; state: string }) => `${drone.id} ${drone.state}`;

describe('fleet', () => {
  it('reads a row in the order of the contract', () => {
    expect(droneOf(row('QZ-01', 'mission'))).toMatchObject({ id: 'QZ-01', lon: 118.8, lat: 28.9, height_m: 90, battery: 0.8, state: 'mission', photos: 3 });
  });

  it('allows three seconds of wall clock before a drone counts as silent', () => {
    expect(isSilent(null, 1)).toBe(true);
    expect(isSilent(4, 1)).toBe(false);
    expect(isSilent(6, 1)).toBe(true);
    expect(isSilent(25, 10)).toBe(false);
    expect(isSilent(31, 10)).toBe(true);
    expect(isSilent(6, null)).toBe(true);
  });

  it('filters by group and by words, and keeps the order', () => {
    const drones = [row('QZ-02', 'docked'), row('QZ-01', 'mission'), row('QZ-03', 'lost')].map(droneOf);
    const ids = (...args: [Parameters<typeof pick>[1], string]) => pick(drones, ...args, 1, words).map((each) => each.id);
    expect(ids('all', '')).toEqual(['QZ-02', 'QZ-01', 'QZ-03']);
    expect(ids('air', '')).toEqual(['QZ-01']);
    expect(ids('attention', '')).toEqual(['QZ-03']);
    expect(ids('all', ' MISSION ')).toEqual(['QZ-01']);
    expect(ids('ground', 'mission')).toEqual([]);
  });

  it('asks for attention when nothing was ever heard', () => {
    expect(needsAttention(droneOf(row('QZ-09', 'docked', null)), 10)).toBe(true);
  });
});
