/** Drawing a point set, a line or an area. Loaded only by the page that draws. */
import type { Geometry as GeoGeometry, Position } from 'geojson';
import Draw from 'ol/interaction/Draw';
import Modify from 'ol/interaction/Modify';
import Snap from 'ol/interaction/Snap';
import { shapeStyle } from './marks';
import { readPalette } from './palette';
import type { SmallMap } from './small';

export type Tool = 'Polygon' | 'LineString' | 'Point';

/** Points that were set one after the other become one MultiPoint. */
function merged(shapes: GeoGeometry[]): GeoGeometry | null {
  const last = shapes.at(-1);
  if (!last) return null;
  if (last.type !== 'Point') return last;
  const points = shapes.flatMap((shape): Position[] => (shape.type === 'Point' ? [shape.coordinates] : []));
  return points.length === 1 ? last : { type: 'MultiPoint', coordinates: points };
}

export class Drawing {
  private draw: Draw | null = null;
  private modify: Modify;
  private snap: Snap;

  constructor(
    private map: SmallMap,
    private onchange: (geometry: GeoGeometry | null) => void,
  ) {
    this.modify = new Modify({ source: map.shapes });
    this.modify.on('modifyend', () => this.report());
    this.snap = new Snap({ source: map.shapes });
    map.map.addInteraction(this.modify);
  }

  use(tool: Tool | null): void {
    if (this.draw) this.map.map.removeInteraction(this.draw);
    this.map.map.removeInteraction(this.snap);
    this.draw = null;
    if (!tool) return;
    const draw = new Draw({ source: this.map.shapes, type: tool, style: shapeStyle(readPalette()) });
    draw.on('drawstart', () => {
      const kept = tool === 'Point' ? this.map.shapes.getFeatures().filter((each) => each.getGeometry()?.getType() === 'Point') : [];
      for (const feature of this.map.shapes.getFeatures()) if (!kept.includes(feature)) this.map.shapes.removeFeature(feature);
    });
    // The finished shape joins the source right after this event.
    draw.on('drawend', () => queueMicrotask(() => this.report()));
    this.map.map.addInteraction(draw);
    this.map.map.addInteraction(this.snap);
    this.draw = draw;
  }

  /** Give up the shape begun; true when there was one. */
  abort(): void {
    this.draw?.abortDrawing();
  }

  private report(): void {
    const shapes = this.map.shapes.getFeatures().flatMap((feature) => {
      const shape = feature.getGeometry();
      return shape ? [this.map.geometry(shape)] : [];
    });
    this.onchange(merged(shapes));
  }
}
