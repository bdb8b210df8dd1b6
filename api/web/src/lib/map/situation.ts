/** The map of the situation page. Lives outside Svelte: frames arrive at 5 Hz and only canvas changes. */
import Feature from 'ol/Feature';
import type OlMap from 'ol/Map';
import { LineString, MultiLineString, Point } from 'ol/geom';
import VectorLayer from 'ol/layer/Vector';
import VectorSource from 'ol/source/Vector';
import { fromLonLat } from 'ol/proj';
import { Circle, Fill, Icon, Stroke, Style, Text } from 'ol/style';
import type { Alert, Anomalies, City, DroneRow, Flight, LiveFrame } from '../api/types';
import { isAirborne, isSilent } from '../fleet';
import { Basemap, loadNames, toMap, type BaseLook } from './basemap';
import { anomalyMark, glyph, GLYPH_SCALE } from './glyphs';
import { crossStyle } from './marks';
import { faint, FONT, readPalette, type Palette } from './palette';
import { applyViewText, installHooks, lonLatOf, makeMap, showCity, viewText, type Position } from './view';

export interface Layers {
  places: boolean;
  zones: boolean;
  docks: boolean;
  anomalies: boolean;
  labels: boolean;
  trails: boolean;
}

export type Picked =
  | { kind: 'drone' | 'anomaly' | 'dock'; id: string }
  | { kind: 'ground'; lon: number; lat: number };

export interface Handlers {
  pick(picked: Picked): void;
  moved(view: string): void;
  /** The user dragged the map: stop following. */
  dragged(): void;
  hover(text: string | null, pixel: number[]): void;
}

/** Below this resolution (metres per pixel) every drone carries its name. */
const DRONE_NAMES_RESOLUTION = 60;
/** Docks are named after their towns, whose names are on the map already: only very near. */
const DOCK_NAMES_RESOLUTION = 10;
const RECENT_ALERT_MS = 10 * 60_000;

export class SituationMap {
  readonly map: OlMap;
  private palette: Palette = readPalette();
  private base: Basemap;
  private drones = new Map<string, Feature<Point>>();
  private droneLayer = new VectorLayer({ source: new VectorSource(), zIndex: 20 });
  private dockLayer = new VectorLayer({ source: new VectorSource(), zIndex: 10, declutter: false });
  private routeLayer = new VectorLayer({ source: new VectorSource(), zIndex: 12 });
  private trailLayer = new VectorLayer({ source: new VectorSource(), zIndex: 14 });
  private anomalyLayer = new VectorLayer({ source: new VectorSource(), zIndex: 16 });
  private markLayer = new VectorLayer({ source: new VectorSource(), zIndex: 30 });
  private pictures = new Map<string, { style: Style; turns: boolean }>();
  private selected: string | null = null;
  private followed: string | null = null;
  private speed: number | null = null;
  private city: City | null = null;
  private trail: [number, number][] = [];
  private old = false;

  constructor(
    private element: HTMLElement,
    private handlers: Handlers,
    private look: { chinese: boolean; layers: Layers },
  ) {
    this.base = new Basemap(this.baseLook());
    this.map = makeMap(element, [
      ...this.base.layers,
      this.dockLayer,
      this.routeLayer,
      this.trailLayer,
      this.anomalyLayer,
      this.droneLayer,
      this.markLayer,
    ]);
    this.droneLayer.setStyle((feature, resolution) => this.droneStyle(feature as Feature<Point>, resolution));
    this.restyle(look.chinese, look.layers);
    this.listen();
  }

  destroy(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
    delete window.flyonce;
  }

  // -- what is shown ---------------------------------------------------------------------------

  setCity(city: City, view: string | null): void {
    this.city = city;
    this.base.fill(city);
    const docks = city.docks.features.map(
      (each) => new Feature({ ...each.properties, pick: 'dock', geometry: toMap(each.geometry) }),
    );
    this.dockLayer.getSource()?.addFeatures(docks);
    if (!view || !applyViewText(this.map, view)) this.home();
    installHooks(this.map, this.element);
    void loadNames(city, [this.base.names, this.dockLayer]);
  }

  frame(frame: LiveFrame): void {
    this.speed = frame.speed;
    this.old = false;
    let placed = 0;
    for (const row of frame.drones) placed += this.placeDrone(row) ? 1 : 0;
    if (this.drones.size > frame.drones.length) this.forget(frame);
    this.element.dataset.drones = String(placed);
    this.droneLayer.changed();
    if (this.followed) this.keepInSight(this.followed);
  }

  /** Values are history now (no frames): draw drones faint until the next frame. */
  setOld(old: boolean): void {
    if (old === this.old) return;
    this.old = old;
    this.droneLayer.setOpacity(old ? 0.5 : 1);
  }

  setTrail(points: [number, number][]): void {
    this.trail = points;
    const source = this.trailLayer.getSource();
    source?.clear();
    if (points.length < 2 || !this.look.layers.trails) return;
    source?.addFeature(new Feature(new LineString(points.map((each) => fromLonLat(each)))));
  }

  setRoute(flight: Flight | null): void {
    const source = this.routeLayer.getSource();
    source?.clear();
    if (!flight?.route) return;
    const line = toMap(flight.route.geometry);
    source?.addFeature(new Feature(line));
    if (line instanceof LineString) {
      const legs = photoLegs(line.getCoordinates(), flight.route.properties?.photo_legs);
      if (legs.length > 0) source?.addFeature(new Feature({ geometry: new MultiLineString(legs), photo: true }));
    }
  }

  setAnomalies(anomalies: Anomalies, selected: string | null): void {
    const source = this.anomalyLayer.getSource();
    source?.clear();
    source?.addFeatures(
      anomalies.features.map(
        (each) =>
          new Feature({
            ...each.properties,
            pick: 'anomaly',
            chosen: each.properties.id === selected,
            geometry: toMap(each.geometry),
          }),
      ),
    );
  }

  /** Rings round the places of fresh alerts, and the cross where the user points. */
  setMarks(alerts: Alert[], now: string | null, point: Position | null): void {
    const source = this.markLayer.getSource();
    source?.clear();
    const oldest = now ? Date.parse(now) - RECENT_ALERT_MS : 0;
    for (const alert of alerts) {
      if (alert.lon === null || alert.lat === null || Date.parse(alert.t) < oldest) continue;
      source?.addFeature(new Feature({ geometry: new Point(fromLonLat([alert.lon, alert.lat])), severity: alert.severity }));
    }
    if (point) source?.addFeature(new Feature({ geometry: new Point(fromLonLat(point)), cross: true }));
  }

  select(id: string | null): void {
    this.selected = id;
    this.droneLayer.changed();
  }

  follow(id: string | null): void {
    this.followed = id;
    if (id) this.keepInSight(id, true);
  }

  restyle(chinese: boolean, layers: Layers): void {
    this.look = { chinese, layers };
    this.palette = readPalette();
    this.pictures.clear();
    this.base.restyle(this.baseLook());
    this.element.style.backgroundColor = this.palette('map-outside');
    this.base.places.setVisible(layers.places);
    this.base.zones.setVisible(layers.zones);
    this.dockLayer.setVisible(layers.docks);
    this.anomalyLayer.setVisible(layers.anomalies);
    this.setTrail(this.trail);
    this.styleLines();
    this.dockLayer.setStyle((feature, resolution) => this.dockStyle(feature as Feature, resolution));
    this.anomalyLayer.setStyle((feature) => this.anomalyStyle(feature as Feature));
    this.markLayer.setStyle((feature) => this.markStyle(feature as Feature));
    if (this.city) void loadNames(this.city, [this.base.names, this.dockLayer]);
  }

  home(): void {
    showCity(this.map, this.base.extent());
  }

  zoom(steps: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 9) + steps, duration: 150 });
  }

  /** Where a place is in the map's own pixels. */
  pixel(lon: number, lat: number): [number, number] | null {
    const [x, y] = this.map.getPixelFromCoordinate(fromLonLat([lon, lat])) ?? [];
    return x === undefined || y === undefined ? null : [x, y];
  }

  goTo(lon: number, lat: number, zoom = 13): void {
    const view = this.map.getView();
    view.animate({ center: fromLonLat([lon, lat]), zoom: Math.max(zoom, view.getZoom() ?? 0), duration: 300 });
  }

  // -- drones ----------------------------------------------------------------------------------

  private placeDrone([id, lon, lat, , heading, , , state, , , heard]: DroneRow): boolean {
    let feature = this.drones.get(id);
    if (lon === null || lat === null) return false;
    const at = fromLonLat([lon, lat]);
    if (!feature) {
      feature = new Feature({ geometry: new Point(at), pick: 'drone', id });
      this.drones.set(id, feature);
      this.droneLayer.getSource()?.addFeature(feature);
    } else {
      const point = feature.getGeometry();
      const [x, y] = point?.getCoordinates() ?? [];
      if (x !== at[0] || y !== at[1]) point?.setCoordinates(at);
    }
    feature.setProperties({ state, heading: heading ?? 0, silent: isSilent(heard, this.speed) }, true);
    return true;
  }

  private forget(frame: LiveFrame): void {
    const present = new Set(frame.drones.map(([id]) => id));
    for (const [id, feature] of this.drones) {
      if (present.has(id)) continue;
      this.droneLayer.getSource()?.removeFeature(feature);
      this.drones.delete(id);
    }
  }

  private droneStyle(feature: Feature<Point>, resolution: number): Style[] {
    const state = String(feature.get('state'));
    const id = String(feature.get('id'));
    const chosen = id === this.selected;
    const picture = this.picture(state);
    const icon = picture.style.getImage();
    icon?.setRotation(picture.turns ? (Number(feature.get('heading')) * Math.PI) / 180 : 0);
    const close = resolution < DRONE_NAMES_RESOLUTION;
    icon?.setScale(GLYPH_SCALE * (isAirborne(state) ? (close ? 1.1 : 0.9) : close ? 0.95 : 0.75));
    icon?.setOpacity(feature.get('silent') ? 0.45 : 1);
    picture.style.setZIndex(chosen ? 3 : isAirborne(state) ? 2 : 1);
    const styles = [picture.style];
    if (chosen) styles.unshift(this.halo());
    if (chosen || (close && isAirborne(state))) styles.push(this.nameTag(id, chosen));
    return styles;
  }

  private picture(state: string): { style: Style; turns: boolean } {
    let found = this.pictures.get(state);
    if (!found) {
      const { image, turns } = glyph(state, this.palette(`st-${state}`), this.palette('map-halo'));
      const style = new Style({ image: new Icon({ img: image, scale: GLYPH_SCALE, rotateWithView: true }) });
      found = { style, turns };
      this.pictures.set(state, found);
    }
    return found;
  }

  private halo(): Style {
    return new Style({
      image: new Circle({
        radius: 17,
        stroke: new Stroke({ color: this.palette('accent'), width: 2.5 }),
        fill: new Fill({ color: faint(this.palette('accent'), 0.18) }),
      }),
      zIndex: 0,
    });
  }

  /** All are points, so distances decide: cheaper than the library's reading back of pixels. */
  private pickable = [
    { layer: this.droneLayer, lift: 0, reach: 15 },
    { layer: this.anomalyLayer, lift: 17, reach: 13 },
    { layer: this.dockLayer, lift: 0, reach: 11 },
  ];

  private tags = new Map<string, Style>();

  private nameTag(id: string, chosen: boolean): Style {
    const key = `${id}${chosen}${this.palette('map-halo')}`;
    let tag = this.tags.get(key);
    if (!tag) {
      tag = new Style({
        zIndex: chosen ? 4 : 2,
        text: new Text({
          text: id,
          offsetY: chosen ? 27 : 20,
          font: `${chosen ? 700 : 600} ${chosen ? 12.5 : 11}px ${FONT}`,
          fill: new Fill({ color: this.palette(chosen ? 'text' : 'map-label') }),
          stroke: new Stroke({ color: this.palette('map-halo'), width: 3.5 }),
        }),
      });
      this.tags.set(key, tag);
    }
    return tag;
  }

  private keepInSight(id: string, near = false): void {
    const at = this.drones.get(id)?.getGeometry()?.getCoordinates();
    if (!at) return;
    const view = this.map.getView();
    view.setCenter(at);
    if (near && (view.getZoom() ?? 0) < 12) view.setZoom(13);
  }

  // -- other styles ----------------------------------------------------------------------------

  private baseLook(): BaseLook {
    return { palette: this.palette, chinese: this.look.chinese, labels: this.look.layers.labels };
  }

  private styleLines(): void {
    const route = this.palette('map-route');
    this.routeLayer.setStyle((feature) => [
      new Style({ stroke: new Stroke({ color: this.palette('map-halo'), width: feature.get('photo') ? 6 : 4.5 }) }),
      new Style({
        stroke: new Stroke({ color: route, width: feature.get('photo') ? 3.5 : 2, lineDash: feature.get('photo') ? undefined : [7, 5] }),
      }),
    ]);
    this.trailLayer.setStyle([
      new Style({ stroke: new Stroke({ color: faint(this.palette('map-halo'), 0.8), width: 5 }) }),
      new Style({ stroke: new Stroke({ color: this.palette('map-trail'), width: 2.2 }) }),
    ]);
  }

  private dockStyle(feature: Feature, resolution: number): Style {
    const name = String(feature.get(this.look.chinese ? 'name_zh' : 'name'));
    return new Style({
      image: new Circle({
        radius: resolution < DRONE_NAMES_RESOLUTION ? 10 : 7,
        stroke: new Stroke({ color: this.palette('st-docked'), width: 1.3 }),
        fill: new Fill({ color: faint(this.palette('map-halo'), 0.55) }),
      }),
      ...(resolution < DOCK_NAMES_RESOLUTION && this.look.layers.labels
        ? {
            text: new Text({
              text: name,
              offsetY: -18,
              font: `500 11px ${FONT}`,
              fill: new Fill({ color: this.palette('map-label') }),
              stroke: new Stroke({ color: this.palette('map-halo'), width: 3 }),
            }),
          }
        : {}),
    });
  }

  private anomalyStyle(feature: Feature): Style[] {
    const severity = Number(feature.get('severity'));
    const open = !['closed', 'rejected', 'cold'].includes(String(feature.get('state')));
    const colour = this.palette(`sev-${Math.max(1, Math.min(4, severity))}`);
    const img = anomalyMark(severity, colour, this.palette('map-halo'), open);
    const mark = new Style({ image: new Icon({ img, scale: GLYPH_SCALE, anchor: [0.5, 0.85] }), zIndex: severity });
    return feature.get('chosen') ? [this.halo(), mark] : [mark];
  }

  private markStyle(feature: Feature): Style | Style[] {
    if (feature.get('cross')) return crossStyle(this.palette);
    const colour = this.palette(`sev-${Math.max(1, Math.min(4, Number(feature.get('severity'))))}`);
    return new Style({
      image: new Circle({ radius: 19, stroke: new Stroke({ color: colour, width: 2, lineDash: [5, 4] }) }),
    });
  }

  // -- pointer ---------------------------------------------------------------------------------

  private listen(): void {
    this.map.on('singleclick', ({ pixel, coordinate }) => {
      const found = this.at(pixel);
      if (found) this.handlers.pick(found);
      else {
        const [lon, lat] = lonLatOf(coordinate);
        this.handlers.pick({ kind: 'ground', lon, lat });
      }
    });
    this.map.on('moveend', () => {
      // Following moves the map five times a second: that is no state worth an address.
      if (this.city && !this.followed) this.handlers.moved(viewText(this.map));
    });
    this.map.on('pointerdrag', () => this.handlers.dragged());
    this.map.on('pointermove', ({ pixel, dragging }) => {
      if (dragging) return;
      const found = this.at(pixel);
      this.element.style.cursor = found ? 'pointer' : 'crosshair';
      this.handlers.hover(found && found.kind !== 'ground' ? `${found.kind}:${found.id}` : null, pixel);
    });
  }

  /** What lies under the pointer: drones first, then anomalies, then docks (which lie under parked drones). */
  private at(pixel: number[]): Picked | null {
    const [x = 0, y = 0] = pixel;
    for (const { layer, lift, reach } of this.pickable) {
      if (!layer.getVisible()) continue;
      let best: { feature: Feature; far: number } | null = null;
      for (const feature of layer.getSource()?.getFeatures() ?? []) {
        const at = feature.getGeometry();
        const [px, py] = at instanceof Point ? (this.map.getPixelFromCoordinate(at.getCoordinates()) ?? []) : [];
        if (px === undefined || py === undefined) continue;
        const far = Math.hypot(px - x, py - lift - y);
        if (far <= reach && far < (best?.far ?? Infinity)) best = { feature, far };
      }
      if (best) return { kind: best.feature.get('pick') as 'drone' | 'anomaly' | 'dock', id: String(best.feature.get('id')) };
    }
    return null;
  }
}

/** Pairs of way-point indexes [from, to] as lines; anything else draws nothing extra. */
function photoLegs(line: number[][], legs: unknown): number[][][] {
  if (!Array.isArray(legs)) return [];
  return legs.flatMap((leg: unknown) => {
    if (!Array.isArray(leg) || typeof leg[0] !== 'number' || typeof leg[1] !== 'number') return [];
    const part = line.slice(leg[0], leg[1] + 1);
    return part.length > 1 ? [part] : [];
  });
}
