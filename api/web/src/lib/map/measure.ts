/** How large a geometry is on the ground. */
import type { Geometry } from 'geojson';
import { getArea, getLength } from 'ol/sphere';
import { toMap } from './basemap';

export type Size = { kind: 'area'; km2: number } | { kind: 'line'; km: number } | { kind: 'points'; count: number };

export function sizeOf(geometry: Geometry): Size {
  if (geometry.type === 'Point') return { kind: 'points', count: 1 };
  if (geometry.type === 'MultiPoint') return { kind: 'points', count: geometry.coordinates.length };
  if (geometry.type === 'LineString') return { kind: 'line', km: getLength(toMap(geometry)) / 1000 };
  return { kind: 'area', km2: getArea(toMap(geometry)) / 1e6 };
}
