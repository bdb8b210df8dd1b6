/** Pictures of a drone by state: shape as well as colour, so that neither is needed to tell them apart. */

type Pen = CanvasRenderingContext2D;

const SIZE = 40;

function sheet(scale: number): [HTMLCanvasElement, Pen] {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE * scale;
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('This browser has no 2D canvas');
  pen.scale(scale, scale);
  pen.translate(SIZE / 2, SIZE / 2);
  pen.lineJoin = pen.lineCap = 'round';
  return [canvas, pen];
}

/** An arrow head that points up (north); the map turns it by the heading. */
function arrow(pen: Pen): void {
  pen.beginPath();
  pen.moveTo(0, -13);
  pen.lineTo(9.5, 10);
  pen.lineTo(0, 5.5);
  pen.lineTo(-9.5, 10);
  pen.closePath();
}

function disc(pen: Pen, radius: number): void {
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
}

/** A disc with a nose: it hovers, and still shows where it looks. */
function hover(pen: Pen): void {
  pen.beginPath();
  pen.arc(0, 1, 8.5, -Math.PI / 2 + 0.55, -Math.PI / 2 - 0.55 + 2 * Math.PI);
  pen.lineTo(0, -13);
  pen.closePath();
}

function diamond(pen: Pen): void {
  pen.beginPath();
  pen.moveTo(0, -13);
  pen.lineTo(8.5, 0);
  pen.lineTo(0, 10);
  pen.lineTo(-8.5, 0);
  pen.closePath();
}

function square(pen: Pen, half: number): void {
  pen.beginPath();
  pen.roundRect(-half, -half, 2 * half, 2 * half, 2.5);
}

function triangle(pen: Pen): void {
  pen.beginPath();
  pen.moveTo(0, -11);
  pen.lineTo(11, 8.5);
  pen.lineTo(-11, 8.5);
  pen.closePath();
}

const OUTLINES: Record<string, (pen: Pen) => void> = {
  docked: (pen) => square(pen, 5),
  ready: (pen) => square(pen, 6),
  charging: (pen) => square(pen, 6),
  uploading: (pen) => square(pen, 6),
  takeoff: hover,
  landing: hover,
  hold: hover,
  mission: arrow,
  returning: arrow,
  guided: diamond,
  lost: triangle,
  fault: triangle,
};

function stroke(pen: Pen, points: [number, number][]): void {
  pen.beginPath();
  points.forEach(([x, y], at) => (at === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
  pen.stroke();
}

const MARKS: Record<string, (pen: Pen) => void> = {
  ready: (pen) => stroke(pen, [[-2.8, 0.2], [-0.7, 2.4], [3, -2.4]]),
  charging: (pen) => stroke(pen, [[1.2, -3.8], [-1.8, 0.4], [1.8, 0.4], [-1, 3.8]]),
  uploading: (pen) => stroke(pen, [[-2.6, -0.4], [0, -3.2], [2.6, -0.4], [0, -3.2], [0, 3.4]]),
  takeoff: (pen) => stroke(pen, [[-3.4, 2.6], [0, -1.4], [3.4, 2.6]]),
  landing: (pen) => stroke(pen, [[-3.4, -0.6], [0, 3.4], [3.4, -0.6]]),
  hold: (pen) => {
    stroke(pen, [[-2.2, -2], [-2.2, 4]]);
    stroke(pen, [[2.2, -2], [2.2, 4]]);
  },
  returning: (pen) => stroke(pen, [[-4, 1], [4, 1]]),
  guided: (pen) => {
    disc(pen, 2);
    pen.stroke();
  },
  lost: (pen) => {
    stroke(pen, [[-2.8, -1], [2.8, 4.6]]);
    stroke(pen, [[2.8, -1], [-2.8, 4.6]]);
  },
  fault: (pen) => {
    stroke(pen, [[0, -3.5], [0, 2]]);
    stroke(pen, [[0, 5.3], [0, 5.4]]);
  },
};

/** The picture for one state. `turns`: whether the map shall turn it by the heading. */
export function glyph(state: string, colour: string, edge: string): { image: HTMLCanvasElement; turns: boolean } {
  const [image, pen] = sheet(2);
  const outline = OUTLINES[state] ?? ((p: Pen) => disc(p, 7));
  outline(pen);
  pen.lineWidth = 4;
  pen.strokeStyle = edge;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
  pen.lineWidth = 1.9;
  MARKS[state]?.(pen);
  return { image, turns: [arrow, hover, diamond].includes(outline) };
}

/** The mark of an anomaly: a ring-less flame-like drop, a bar for severity; fixed upright. */
export function anomalyMark(severity: number, colour: string, edge: string, open: boolean): HTMLCanvasElement {
  const [image, pen] = sheet(2);
  pen.beginPath();
  pen.moveTo(0, 14);
  pen.bezierCurveTo(-3, 8, -10, 4, -10, -4);
  pen.arc(0, -4, 10, Math.PI, 0);
  pen.bezierCurveTo(10, 4, 3, 8, 0, 14);
  pen.closePath();
  pen.lineWidth = 3;
  pen.strokeStyle = edge;
  pen.stroke();
  pen.fillStyle = colour;
  pen.globalAlpha = open ? 1 : 0.55;
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = edge;
  pen.lineWidth = 2.2;
  for (let bar = 0; bar < Math.max(1, Math.min(4, severity)); bar += 1) {
    const x = (bar - (Math.min(4, Math.max(1, severity)) - 1) / 2) * 4.2;
    stroke(pen, [[x, -1 - bar * 0.2], [x, -7]]);
  }
  return image;
}

export const GLYPH_SCALE = 0.5;
export const STATES = Object.keys(OUTLINES);
/** Width and height of a glyph in CSS pixels. */
export const GLYPH_PX = SIZE;
