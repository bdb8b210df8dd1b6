import { describe, expect, it } from 'vitest';
import { fromField, toField } from './citytime';
import { parseGeometry } from './geojson';

describe('pasted GeoJSON', () => {
  const point = { type: 'Point', coordinates: [118.8, 28.9] };

  it.each([
    ['a geometry', point],
    ['a feature', { type: 'Feature', properties: {}, geometry: point }],
    ['a collection', { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: point }] }],
  ])('takes %s', (_name, value) => {
    expect(parseGeometry(JSON.stringify(value))).toEqual({ geometry: point });
  });

  it.each([
    ['{', 'geojson.json'],
    ['null', 'geojson.empty'],
    ['{"type":"FeatureCollection","features":[]}', 'geojson.empty'],
    ['{"type":"GeometryCollection","geometries":[]}', 'geojson.type'],
    ['{"type":"Point","coordinates":[500000,3200000]}', 'geojson.range'],
    ['{"type":"Polygon","coordinates":[[]]}', 'geojson.range'],
    ['{"type":"Point","coordinates":["118","28"]}', 'geojson.range'],
    [' '.repeat(5_000_001), 'geojson.big'],
  ])('says what is wrong with %.40s', (text, complaint) => {
    expect(parseGeometry(text)).toEqual({ complaint });
  });
});

describe('city time', () => {
  it('shows and reads the same moment', () => {
    const at = Date.parse('2026-05-12T06:30:00Z');
    expect(toField(at, 'Asia/Shanghai')).toBe('2026-05-12T14:30');
    expect(fromField('2026-05-12T14:30', 'Asia/Shanghai')).toBe('2026-05-12T06:30:00.000Z');
  });

  it('is right on both sides of a clock change', () => {
    expect(fromField('2026-03-29T01:30', 'Europe/Berlin')).toBe('2026-03-29T00:30:00.000Z');
    expect(fromField('2026-03-29T03:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  });

  it('gives null for an unfinished field', () => {
    expect(fromField('', 'Asia/Shanghai')).toBeNull();
  });
});
