/** What every map of the console shares: creation, manners, and the hooks that browser tests use. */
import OlMap from 'ol/Map';
import View from 'ol/View';
import ScaleLine from 'ol/control/ScaleLine';
import { defaults as interactions } from 'ol/interaction/defaults';
import type BaseLayer from 'ol/layer/Base';
import { fromLonLat, toLonLat } from 'ol/proj';

export type Position = [lon: number, lat: number];

declare global {
  interface Window {
    /** For browser tests: where in the window is this place on the map that is shown? */
    flyonce?: { pixelOf: (lon: number, lat: number) => [number, number] | null };
  }
}

export function makeMap(target: HTMLElement, layers: BaseLayer[], scale = true): OlMap {
  return new OlMap({
    target,
    layers,
    controls: scale ? [new ScaleLine({ minWidth: 80 })] : [],
    interactions: interactions({ altShiftDragRotate: false, pinchRotate: false }),
    view: new View({ center: fromLonLat([118.87, 28.97]), zoom: 9, minZoom: 7, maxZoom: 19 }),
  });
}

/** Mark the element once the map has really been drawn, and offer `window.flyonce.pixelOf`. */
export function installHooks(map: OlMap, element: HTMLElement): void {
  map.once('rendercomplete', () => (element.dataset.ready = 'true'));
  window.flyonce = {
    pixelOf(lon, lat) {
      const pixel = map.getPixelFromCoordinate(fromLonLat([lon, lat]));
      if (!pixel) return null;
      const box = element.getBoundingClientRect();
      return [pixel[0]! + box.left, pixel[1]! + box.top];
    },
  };
}

export function lonLatOf(coordinate: number[]): Position {
  const [lon, lat] = toLonLat(coordinate);
  return [lon!, lat!];
}

/** Show the whole territory, with room for panels that lie over the map. */
export function showCity(map: OlMap, extent: number[] | null, padding = [28, 60, 40, 28]): void {
  if (extent) map.getView().fit(extent, { padding });
}

/** "lon,lat,zoom" for the address. */
export function viewText(map: OlMap): string {
  const view = map.getView();
  const [lon, lat] = lonLatOf(view.getCenter() ?? [0, 0]);
  return [lon.toFixed(4), lat.toFixed(4), (view.getZoom() ?? 9).toFixed(2)].join(',');
}

/** Go where an address says; false when it makes no sense. */
export function applyViewText(map: OlMap, text: string): boolean {
  const [lon, lat, zoom] = text.split(',').map(Number);
  if (![lon, lat, zoom].every((value) => Number.isFinite(value))) return false;
  map.getView().setCenter(fromLonLat([lon!, lat!]));
  map.getView().setZoom(zoom!);
  return true;
}
