"use strict";
// The thermal viewer of one frame: colours, the temperature under the cursor, spots, lines, areas.
// Everything it needs is in the page (#frame); nothing is fetched.
(async () => {
  const given = JSON.parse(document.getElementById("frame").textContent);
  const { width, height, low_c: base, step_k: step } = given.pixels;
  const $ = (id) => document.getElementById(id);
  const celsius = await unpacked(given.pixels.data);
  const [lowest, highest] = extremes();
  const state = { low: given.span[0], high: given.span[1], palette: "inferno", tool: "spot", isotherm: null, at: null };
  const measures = [];
  let serial = 0;

  // --- temperatures -----------------------------------------------------------------------
  async function unpacked(text) {
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const steps = new DataView(await new Response(stream).arrayBuffer());
    const out = new Float32Array(width * height);
    for (let row = 0, i = 0; row < height; row++) {
      for (let col = 0, sum = 0; col < width; col++, i++) {
        sum = (sum + steps.getUint16(2 * i, true)) & 0xffff;
        out[i] = base + sum * step;
      }
    }
    return out;
  }
  function extremes() {
    let low = Infinity, high = -Infinity;
    for (const value of celsius) { if (value < low) low = value; if (value > high) high = value; }
    return [low, high];
  }
  const value = (col, row) => celsius[row * width + col];
  function sigma(temperature) {
    if (!given.sigma_k) return null;
    const bin = Math.floor((temperature - given.histogram.low_c) / given.histogram.width_k);
    return given.sigma_k[Math.min(Math.max(bin, 0), given.sigma_k.length - 1)];
  }
  const degrees = (number, digits = 1) => `${number.toFixed(digits)} °C`;
  const give = (temperature) => {
    const one = sigma(temperature);
    return one === null ? degrees(temperature) : `${degrees(temperature)} ± ${(2 * one).toFixed(1)}`;
  };

  // --- picture ----------------------------------------------------------------------------
  const canvas = $("picture"), overlay = $("overlay");
  canvas.width = width; canvas.height = height;
  const paint = canvas.getContext("2d");
  const image = paint.createImageData(width, height);
  const palettes = Object.fromEntries(Object.entries(given.palettes).map(([name, hex]) =>
    [name, Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16))]));
  function draw() {
    const table = palettes[state.palette], gain = 256 / Math.max(state.high - state.low, 1e-6);
    for (let i = 0, j = 0; i < celsius.length; i++, j += 4) {
      const share = Math.min(Math.max(Math.floor((celsius[i] - state.low) * gain), 0), 255) * 3;
      const marked = state.isotherm !== null && celsius[i] >= state.isotherm;
      image.data[j] = marked ? 64 : table[share];
      image.data[j + 1] = marked ? 255 : table[share + 1];
      image.data[j + 2] = marked ? 90 : table[share + 2];
      image.data[j + 3] = 255;
    }
    paint.putImageData(image, 0, 0);
    scale(table);
    ranges();
  }
  function scale(table) {
    const strip = $("ramp"), ink = strip.getContext("2d");
    strip.width = 1; strip.height = 256;
    const ramp = ink.createImageData(1, 256);
    for (let i = 0; i < 256; i++) {
      ramp.data.set([table[(255 - i) * 3], table[(255 - i) * 3 + 1], table[(255 - i) * 3 + 2], 255], i * 4);
    }
    ink.putImageData(ramp, 0, 0);
    $("ticks").replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((share) => {
      const tick = document.createElement("span");
      tick.textContent = degrees(state.high - share * (state.high - state.low), state.high - state.low < 40 ? 1 : 0);
      tick.style.top = `${2 + share * 96}%`;
      return tick;
    }));
  }
  function ranges() {
    $("low").value = state.low.toFixed(1);
    $("high").value = state.high.toFixed(1);
    const { low_c: left, width_k: bin, counts } = given.histogram, all = bin * counts.length;
    const place = (t) => Math.min(Math.max((t - left) / all, 0), 1) * 600;
    const shown = document.querySelector(".hist .shown");
    shown.setAttribute("x", place(state.low));
    shown.setAttribute("width", Math.max(place(state.high) - place(state.low), 1));
  }

  // --- cursor -----------------------------------------------------------------------------
  function pixel(event) {
    const box = overlay.getBoundingClientRect();
    const col = Math.floor(((event.clientX - box.left) / box.width) * width);
    const row = Math.floor(((event.clientY - box.top) / box.height) * height);
    return [Math.min(Math.max(col, 0), width - 1), Math.min(Math.max(row, 0), height - 1)];
  }
  function read([col, row]) {
    state.at = [col, row];
    $("reading").textContent = give(value(col, row));
    $("where").textContent = `${col}, ${row}`;
    const cross = $("cross");
    cross.setAttribute("d", `M${col + 0.5} ${row - 6}v13M${col - 6} ${row + 0.5}h13`);
  }

  // --- measures ---------------------------------------------------------------------------
  function inside(from, to) {
    const [c0, c1] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
    const [r0, r1] = [Math.min(from[1], to[1]), Math.max(from[1], to[1])];
    const found = [];
    for (let row = r0; row <= r1; row++) for (let col = c0; col <= c1; col++) found.push(value(col, row));
    return found;
  }
  function along(from, to) {
    const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1), found = [];
    for (let i = 0; i <= steps; i++) {
      found.push(value(Math.round(from[0] + ((to[0] - from[0]) * i) / steps), Math.round(from[1] + ((to[1] - from[1]) * i) / steps)));
    }
    return found;
  }
  function summary(values) {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const spread = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    return { min: Math.min(...chunked(values, Math.min)), mean, max: Math.max(...chunked(values, Math.max)), spread, count: values.length };
  }
  function chunked(values, pick) {  // an argument list has a length that a whole frame exceeds
    const found = [];
    for (let i = 0; i < values.length; i += 10000) found.push(pick(...values.slice(i, i + 10000)));
    return found;
  }
  function measure(kind, from, to) {
    const values = kind === "spot" ? [value(...from)] : kind === "line" ? along(from, to) : inside(from, to);
    measures.push({ id: ++serial, kind, from, to, values, ...summary(values) });
    show();
  }
  const shapes = {
    spot: (m) => `M${m.from[0] + 0.5} ${m.from[1] - 5}v11M${m.from[0] - 5} ${m.from[1] + 0.5}h11`,
    line: (m) => `M${m.from[0] + 0.5} ${m.from[1] + 0.5}L${m.to[0] + 0.5} ${m.to[1] + 0.5}`,
    area: (m) => {
      const [x, y] = [Math.min(m.from[0], m.to[0]), Math.min(m.from[1], m.to[1])];
      return `M${x} ${y}h${Math.abs(m.to[0] - m.from[0]) + 1}v${Math.abs(m.to[1] - m.from[1]) + 1}h-${Math.abs(m.to[0] - m.from[0]) + 1}z`;
    },
  };
  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, entry] of Object.entries(attributes)) node.setAttribute(key, entry);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const names = { spot: ["spot", "点"], line: ["line", "线"], area: ["area", "区域"] };
  function show() {
    $("measures").replaceChildren(...measures.flatMap((m) => [
      svg("path", { d: shapes[m.kind](m), class: "measure" }),
      svg("text", { x: Math.max(m.from[0], m.to[0]) + 4, y: Math.min(m.from[1], m.to[1]) - 3, "font-size": given.text_px }, m.id),
    ]));
    $("measured").replaceChildren(...measures.map(line));
    $("table").hidden = measures.length === 0;
  }
  function line(m) {
    const row = document.createElement("tr");
    const cell = (text, name = "") => { const td = row.insertCell(); td.className = name; td.append(text); return td; };
    cell(`${m.id}`, "text");
    const kind = cell("", "text");
    kind.innerHTML = `<span lang="en">${names[m.kind][0]}</span><span lang="zh">${names[m.kind][1]}</span>`;
    for (const number of [m.min, m.mean, m.max]) cell(number.toFixed(2));
    cell(m.kind === "spot" ? "–" : m.spread.toFixed(2));
    const one = sigma(m.max);
    cell(one === null ? "–" : (2 * one).toFixed(1));
    cell(`${m.count}`);
    cell(m.kind === "spot" ? m.from.join(", ") : `${m.from.join(", ")} → ${m.to.join(", ")}`);
    cell(m.kind === "line" ? profile(m.values) : "");
    const remove = document.createElement("button");
    remove.textContent = "×";
    remove.setAttribute("aria-label", `remove ${m.id} · 删除 ${m.id}`);
    remove.addEventListener("click", () => { measures.splice(measures.indexOf(m), 1); show(); });
    cell(remove);
    return row;
  }
  function profile(values) {
    const low = Math.min(...values), span = Math.max(Math.max(...values) - low, 0.1);
    const points = values.map((v, i) => `${(i / Math.max(values.length - 1, 1)) * 140},${38 - ((v - low) / span) * 34}`);
    const chart = svg("svg", { viewBox: "0 0 140 40", width: 140, height: 40, role: "img", "aria-label": "profile · 剖面" });
    chart.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: "currentColor", "stroke-width": 1.5 }));
    return chart;
  }
  function csv() {
    const lines = ["number,kind,min_c,mean_c,max_c,spread_k,expanded_uncertainty_k,pixels,from_column,from_row,to_column,to_row"];
    for (const m of measures) {
      const one = sigma(m.max);
      lines.push([m.id, m.kind, m.min.toFixed(3), m.mean.toFixed(3), m.max.toFixed(3), m.spread.toFixed(3),
        one === null ? "" : (2 * one).toFixed(2), m.count, ...m.from, ...m.to].join(","));
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = `${given.name}-measures.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // --- hands ------------------------------------------------------------------------------
  let start = null;
  overlay.addEventListener("pointermove", (event) => {
    const at = pixel(event);
    read(at);
    if (start) $("draft").setAttribute("d", shapes[state.tool]({ from: start, to: at }));
  });
  overlay.addEventListener("pointerdown", (event) => {
    overlay.setPointerCapture(event.pointerId);
    start = pixel(event);
  });
  overlay.addEventListener("pointerup", (event) => {
    const from = start, to = pixel(event);
    start = null;
    $("draft").setAttribute("d", "");
    if (from) measure(state.tool, state.tool === "spot" ? to : from, to);
  });
  let anchor = null;
  overlay.addEventListener("keydown", (event) => {
    const by = event.shiftKey ? 10 : 1;
    const [col, row] = state.at ?? [width >> 1, height >> 1];
    const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] };
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      read([Math.min(Math.max(col + dx, 0), width - 1), Math.min(Math.max(row + dy, 0), height - 1)]);
      if (anchor) $("draft").setAttribute("d", shapes[state.tool]({ from: anchor, to: state.at }));
    } else if (event.key === "Enter" || event.key === " ") {
      if (state.tool === "spot") measure("spot", [col, row], [col, row]);
      else if (!anchor) anchor = [col, row];
      else { measure(state.tool, anchor, [col, row]); anchor = null; $("draft").setAttribute("d", ""); }
    } else if (event.key === "Escape") {
      anchor = null; start = null; $("draft").setAttribute("d", "");
    } else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => {
      state.tool = button.dataset.tool;
      anchor = null;
      for (const other of document.querySelectorAll("[data-tool]")) other.setAttribute("aria-pressed", String(other === button));
    });
  }
  $("palette").addEventListener("change", (event) => { state.palette = event.target.value; draw(); });
  const number = (id, apply) => $(id).addEventListener("change", (event) => {
    const entered = Number.parseFloat(event.target.value);
    if (Number.isFinite(entered)) apply(entered);
    draw();
  });
  number("low", (entered) => { state.low = Math.min(entered, state.high - 0.1); });
  number("high", (entered) => { state.high = Math.max(entered, state.low + 0.1); });
  $("full").addEventListener("click", () => { state.low = lowest; state.high = Math.max(highest, lowest + 0.1); draw(); });
  $("auto").addEventListener("click", () => { [state.low, state.high] = given.span; draw(); });
  $("isotherm").addEventListener("change", (event) => {
    const entered = Number.parseFloat(event.target.value);
    state.isotherm = Number.isFinite(entered) ? entered : null;
    draw();
  });
  $("marks").addEventListener("change", (event) => { $("spots").style.display = event.target.checked ? "" : "none"; });
  $("csv").addEventListener("click", csv);
  draw();
  read([width >> 1, height >> 1]);
  document.documentElement.dataset.ready = "true";
})();
