/** Styles of what a user points at or draws. */
import { Circle, Fill, Stroke, Style } from 'ol/style';
import { faint, type Palette } from './palette';

/** The cross-hair where something is marked. */
export function crossStyle(palette: Palette): Style[] {
  return [
    new Style({
      image: new Circle({ radius: 11, stroke: new Stroke({ color: palette('map-halo'), width: 5 }) }),
    }),
    new Style({
      image: new Circle({ radius: 11, stroke: new Stroke({ color: palette('accent'), width: 2.5 }) }),
    }),
    new Style({ image: new Circle({ radius: 2.8, fill: new Fill({ color: palette('accent') }) }) }),
  ];
}

/** An area, a line or points that were drawn. */
export function shapeStyle(palette: Palette): Style {
  const colour = palette('accent');
  return new Style({
    fill: new Fill({ color: faint(colour, 0.22) }),
    stroke: new Stroke({ color: colour, width: 2.5 }),
    image: new Circle({ radius: 6, fill: new Fill({ color: colour }), stroke: new Stroke({ color: palette('map-halo'), width: 2 }) }),
  });
}
