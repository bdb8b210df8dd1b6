/** The city as an offline base map: counties, water, forest, roads, sites, zones and their names. */
import type { Feature as GeoFeature, Geometry as GeoGeometry } from 'geojson';
import Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import type { Geometry } from 'ol/geom';
import VectorImageLayer from 'ol/layer/VectorImage';
import VectorSource from 'ol/source/Vector';
import { Circle, Fill, Stroke, Style, Text } from 'ol/style';
import type { City } from '../api/types';
import { faint, FONT, type Palette } from './palette';

const format = new GeoJSON();

/** A GeoJSON geometry (degrees) in the projection of the map. */
export function toMap(geometry: GeoGeometry): Geometry {
  const read = format.readGeometry(geometry, { dataProjection: 'EPSG:4326', featureProjection: 'EPSG:3857' });
  if (!read) throw new TypeError(`Not a geometry: ${JSON.stringify(geometry).slice(0, 80)}`);
  return read;
}

interface HasNames {
  name: string;
  name_zh: string;
}

function read<P extends object>(features: GeoFeature<GeoGeometry, P>[]): Feature[] {
  return features.map((each) => new Feature({ ...each.properties, geometry: toMap(each.geometry) }));
}

const WATER = new Set(['river', 'reservoir', 'lake', 'canal', 'water']);
const FOREST = new Set(['forest', 'forest_watch', 'park', 'scenic', 'nature']);
const ROAD = new Set(['road', 'rail', 'railway', 'highway', 'power_line', 'pipeline']);
const TOWN = new Set(['town', 'village', 'school', 'heritage']);
/** Kinds whose names are worth showing before one is close. */
const NAMED_EARLY = new Set(['reservoir', 'town']);
const NAMED_EARLY_RESOLUTION = 90;
const NAMED_RESOLUTION = 18;
/** Metres per pixel above which small places would only be clutter. */
const SITES_RESOLUTION = 45;

function placeColour(kind: string, palette: Palette): string {
  if (WATER.has(kind)) return palette('map-water');
  if (FOREST.has(kind)) return palette('map-forest');
  if (ROAD.has(kind)) return palette('map-road');
  if (TOWN.has(kind)) return palette('map-town');
  return palette('map-site');
}

export interface BaseLook {
  palette: Palette;
  chinese: boolean;
  labels: boolean;
}

function label(text: string, look: BaseLook, size: number, weight = 500, colour = 'map-label'): Text {
  return new Text({
    text,
    font: `${weight} ${size}px ${FONT}`,
    fill: new Fill({ color: look.palette(colour) }),
    stroke: new Stroke({ color: look.palette('map-halo'), width: 3 }),
    overflow: true,
  });
}

const nameOf = (feature: { get(key: string): unknown }, look: BaseLook): string =>
  String(feature.get(look.chinese ? 'name_zh' : 'name') ?? feature.get('name') ?? '');

export class Basemap {
  readonly territory: VectorImageLayer;
  readonly places: VectorImageLayer;
  readonly zones: VectorImageLayer;
  readonly names: VectorImageLayer;

  private readonly cache = new Map<string, Style>();

  constructor(private look: BaseLook) {
    // Kept as pictures: with drones at 5 Hz only the drones are drawn anew, not the whole city.
    const make = (zIndex: number, declutter = false) =>
      new VectorImageLayer({ source: new VectorSource(), zIndex, declutter, imageRatio: 1.2 });
    this.territory = make(0);
    this.places = make(1);
    this.zones = make(3);
    this.names = make(4, true);
    this.restyle(look);
  }

  get layers(): VectorImageLayer[] {
    return [this.territory, this.places, this.zones, this.names];
  }

  fill(city: City): void {
    const counties = read(city.territory.features);
    counties.forEach((county, at) => county.set('at', at));
    this.territory.getSource()?.addFeatures(counties);
    this.places.getSource()?.addFeatures(read(city.places.features));
    this.zones.getSource()?.addFeatures(read(city.zones.features));
    const named = [...read(city.territory.features), ...read(city.places.features), ...read(city.zones.features)];
    this.names.getSource()?.addFeatures(named);
  }

  extent(): number[] | null {
    const source = this.territory.getSource();
    return source && source.getFeatures().length > 0 ? source.getExtent() : null;
  }

  restyle(look: BaseLook): void {
    this.look = look;
    this.cache.clear();
    const { palette } = look;
    this.territory.setStyle(
      (feature) =>
        new Style({
          fill: new Fill({ color: palette(Number(feature.get('at')) % 2 ? 'map-land-2' : 'map-land') }),
          stroke: new Stroke({ color: palette('map-border'), width: 1.2, lineDash: [6, 4] }),
        }),
    );
    this.places.setStyle((feature, resolution) => this.place(String(feature.get('kind')), resolution));
    this.zones.setStyle(
      () =>
        new Style({
          fill: new Fill({ color: faint(palette('map-zone'), 0.1) }),
          stroke: new Stroke({ color: palette('map-zone'), width: 1.4, lineDash: [8, 5] }),
        }),
    );
    this.names.setStyle((feature, resolution) => this.name(feature, resolution));
    this.names.setVisible(look.labels);
  }

  private place(kind: string, resolution: number): Style | undefined {
    const big = WATER.has(kind) || FOREST.has(kind);
    if (!big && resolution > SITES_RESOLUTION) return undefined;
    const colour = placeColour(kind, this.look.palette);
    let style = this.cache.get(colour + kind);
    if (!style) {
      const width = WATER.has(kind) ? 2.6 : FOREST.has(kind) ? 1 : 1.5;
      style = new Style({
        fill: new Fill({ color: big ? colour : faint(colour, 0.45) }),
        stroke: new Stroke({ color: colour, width, lineDash: kind === 'power_line' ? [4, 3] : undefined }),
        image: new Circle({ radius: 2.6, fill: new Fill({ color: colour }) }),
      });
      this.cache.set(colour + kind, style);
    }
    return style;
  }

  private name(feature: { get(key: string): unknown }, resolution: number): Style | undefined {
    const kind = feature.get('kind');
    if (kind === undefined) {
      return new Style({ text: label(nameOf(feature, this.look), this.look, 13, 650), zIndex: 10 });
    }
    if (feature.get('buffer_m') !== undefined) {
      if (resolution > NAMED_EARLY_RESOLUTION) return undefined;
      return new Style({ text: label(nameOf(feature, this.look), this.look, 11.5, 600, 'map-zone') });
    }
    const limit = NAMED_EARLY.has(String(kind)) ? NAMED_EARLY_RESOLUTION : NAMED_RESOLUTION;
    if (resolution > limit) return undefined;
    return new Style({ text: label(nameOf(feature, this.look), this.look, 11.5) });
  }
}

/** Load the slices of the Chinese font that the names need, then draw the labels again. */
export async function loadNames(city: City, layers: { changed(): void }[]): Promise<void> {
  const features: { properties: HasNames }[] = [
    ...city.territory.features,
    ...city.docks.features,
    ...city.places.features,
    ...city.zones.features,
  ];
  const characters = [...new Set(features.map(({ properties }) => properties.name_zh + properties.name).join(''))];
  await document.fonts.load(`500 12px ${FONT}`, characters.join(''));
  for (const layer of layers) layer.changed();
}
