/** Pasted GeoJSON, checked before it is drawn or sent. */
import type { Geometry } from 'geojson';
import type { Key } from '../i18n';

const TYPES = new Set(['Point', 'MultiPoint', 'LineString', 'Polygon', 'MultiPolygon']);
const LARGEST_CHARS = 5_000_000;

/** Why a text is no usable geometry, as a key of the dictionaries. */
export type Complaint = Extract<Key, `geojson.${string}`>;

export type Parsed = { geometry: Geometry } | { complaint: Complaint };

/** A geometry, a feature, or the first feature of a collection. */
export function parseGeometry(text: string): Parsed {
  if (text.length > LARGEST_CHARS) return { complaint: 'geojson.big' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { complaint: 'geojson.json' };
  }
  return check(unwrap(value));
}

interface Loose {
  type?: unknown;
  coordinates?: unknown;
  geometry?: unknown;
  features?: unknown;
}

function unwrap(value: unknown): Loose | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = value as Loose;
  if (found.type === 'FeatureCollection') return Array.isArray(found.features) ? unwrap(found.features[0]) : null;
  if (found.type === 'Feature') return unwrap(found.geometry);
  return found;
}

function check(value: Loose | null): Parsed {
  if (value === null) return { complaint: 'geojson.empty' };
  if (typeof value.type !== 'string' || !TYPES.has(value.type)) return { complaint: 'geojson.type' };
  if (!Array.isArray(value.coordinates) || !positionsFit(value.coordinates)) return { complaint: 'geojson.range' };
  return { geometry: { type: value.type, coordinates: value.coordinates } as Geometry };
}

function positionsFit(value: unknown[]): boolean {
  if (value.length === 0) return false;
  if (typeof value[0] === 'number') {
    const [lon, lat] = value;
    return typeof lat === 'number' && Math.abs(value[0]) <= 180 && Math.abs(lat) <= 90 && typeof lon === 'number';
  }
  return value.every((each) => Array.isArray(each) && positionsFit(each));
}
