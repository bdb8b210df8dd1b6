/** The small maps beside forms and cases: the city, one geometry or mark, and drawing when asked for. */
import type { Geometry as GeoGeometry } from 'geojson';
import Feature from 'ol/Feature';
import GeoJSON from 'ol/format/GeoJSON';
import { Point, type Geometry } from 'ol/geom';
import type OlMap from 'ol/Map';
import VectorLayer from 'ol/layer/Vector';
import VectorSource from 'ol/source/Vector';
import { fromLonLat } from 'ol/proj';
import type { City } from '../api/types';
import { Basemap, loadNames, toMap } from './basemap';
import { crossStyle, shapeStyle } from './marks';
import { readPalette, type Palette } from './palette';
import { installHooks, lonLatOf, makeMap, showCity, type Position } from './view';

const format = new GeoJSON();

export class SmallMap {
  readonly map: OlMap;
  readonly shapes = new VectorSource<Feature<Geometry>>();
  private palette: Palette = readPalette();
  private base: Basemap;
  private shapeLayer = new VectorLayer({ source: this.shapes, zIndex: 10 });
  private markLayer = new VectorLayer({ source: new VectorSource(), zIndex: 20 });
  private city: City | null = null;

  constructor(
    private element: HTMLElement,
    private chinese: boolean,
  ) {
    this.base = new Basemap({ palette: this.palette, chinese, labels: true });
    this.map = makeMap(element, [...this.base.layers, this.shapeLayer, this.markLayer], false);
    this.restyle(chinese);
  }

  setCity(city: City): void {
    this.city = city;
    this.base.fill(city);
    showCity(this.map, this.base.extent());
    installHooks(this.map, this.element);
    void loadNames(city, [this.base.names]);
  }

  restyle(chinese: boolean): void {
    this.chinese = chinese;
    this.palette = readPalette();
    this.base.restyle({ palette: this.palette, chinese: this.chinese, labels: true });
    this.element.style.backgroundColor = this.palette('map-outside');
    this.shapeLayer.setStyle(shapeStyle(this.palette));
    this.markLayer.setStyle(crossStyle(this.palette));
    if (this.city) void loadNames(this.city, [this.base.names]);
  }

  /** Show one geometry (degrees) or none. */
  show(geometry: GeoGeometry | null, fit = false): void {
    this.shapes.clear();
    if (!geometry) return;
    const shape = toMap(geometry);
    this.shapes.addFeature(new Feature(shape));
    if (fit) this.map.getView().fit(shape.getExtent(), { padding: [50, 50, 50, 50], maxZoom: 14 });
  }

  mark(position: Position | null, zoom: number | null = null): void {
    const source = this.markLayer.getSource();
    source?.clear();
    if (!position) return;
    source?.addFeature(new Feature(new Point(fromLonLat(position))));
    if (zoom === null) return;
    this.map.getView().setCenter(fromLonLat(position));
    this.map.getView().setZoom(zoom);
  }

  onClick(listener: (position: Position) => void): void {
    this.map.on('singleclick', ({ coordinate }) => listener(lonLatOf(coordinate)));
  }

  /** What was drawn, as GeoJSON in degrees. */
  geometry(shape: Geometry): GeoGeometry {
    const options = { dataProjection: 'EPSG:4326', featureProjection: 'EPSG:3857', decimals: 6 };
    return format.writeGeometryObject(shape, options) as GeoGeometry;
  }

  destroy(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
    delete window.flyonce;
  }
}
