"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RELOAD_SECONDS = 60;
document.documentElement.classList.add("js");

function element(parent, tag, attributes = {}, text = "") {
  const isSvg = parent.namespaceURI === SVG || tag === "svg";
  const node = isSvg
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  if (text !== "") node.textContent = text;
  return parent.appendChild(node);
}

function number(x) {
  if (x === null || x === undefined) return "";
  const size = Math.abs(x);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return x.toExponential(2);
  return String(Number(x.toPrecision(4)));
}

// Round values from low to high, at least three of them where it can be.
function evenTicks(low, high, count) {
  for (let wanted = count; wanted <= 4 * count; wanted++) {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const result = [];
    for (let x = Math.ceil(low / step) * step; x <= high + step / 1e6; x += step)
      result.push(Math.abs(x) < step / 1e6 ? 0 : x);
    if (result.length >= 3) return result;
  }
  return [low, high];
}

// 1, 2, 5 times powers of ten; fewer where there are many decades.
function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  const mantissas = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const all = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++)
    for (const m of mantissas) {
      const x = m * 10 ** e;
      if (x >= low && x <= high) all.push(x);
    }
  if (all.length < 3) return evenTicks(low, high, count);
  const skip = Math.ceil(all.length / (2 * count));
  return all.filter((_, i) => i % skip === 0);
}

// The range of almost all values: a few spikes would flatten the rest.
function range(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return sorted.length < 50 ? [at(0), at(1)] : [at(0.01), at(0.99)];
}

function spansADecade(values) {
  const [low, high] = range(values);
  return Math.min(...values) > 0 && high / low >= 10;
}

// Exponential mean over points, corrected for its beginning.
function smooth(points, factor) {
  let mean = 0, weight = 0;
  return points.map(([kimg, value]) => {
    mean = factor * mean + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    return [kimg, mean / weight];
  });
}

function nearest(points, kimg) {
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < kimg) low = middle; else high = middle;
  }
  return kimg - points[low][0] < points[high][0] - kimg ? points[low] : points[high];
}

function drawSchedule() {
  const host = $("schedule");
  host.replaceChildren();
  const width = host.clientWidth, height = 66, total = data.total_kimg;
  const x = (kimg) => kimg / total * width;
  const svg = element(host, "svg", {viewBox: `0 0 ${width} ${height}`, height,
    role: "img", "aria-label": "Phases of the schedule and the present position"});
  for (const phase of data.phases) {
    const left = x(phase.from), right = x(phase.to);
    const level = Math.log2(phase.resolution) - 1;
    const drawn = element(svg, "rect", {x: left, y: 14,
      width: Math.max(right - left - 1.5, 0.5), height: 26, rx: 3,
      fill: "var(--s0)", "fill-opacity": Math.min(0.09 * level, 0.75)});
    element(drawn, "title", {}, `${phase.resolution}x${phase.resolution} ` +
      `${phase.fading ? "fades in" : "settled"}, ` +
      `${number(phase.from)} to ${number(phase.to)} kimg`);
    if (phase.fading)
      element(svg, "path", {d: `M${left} 40 L${right - 1.5} 14`,
        stroke: "var(--s0)", "stroke-width": 1.5});
    if (right - left > 34)
      element(svg, "text", {x: (left + right) / 2, y: 31,
        "text-anchor": "middle", style: "fill: var(--ink)"},
        phase.fading ? "fade" : phase.resolution);
  }
  const now = x(Math.min(data.kimg, total));  // the last call may overshoot
  element(svg, "path", {d: `M${now} 6 V46`, stroke: "var(--accent)", "stroke-width": 2.5});
  const anchor = now < 60 ? "start" : now > width - 60 ? "end" : "middle";
  element(svg, "text", {x: now, y: 60, "text-anchor": anchor,
    style: "fill: var(--accent)"}, `${number(data.kimg)} of ${number(total)} kimg`);
}

// A chart: `draw` makes it anew for the present width, `tell` moves its cursor.
function makeChart(parent, chart) {
  const card = element(parent, "section");
  const head = element(card, "div", {class: "chart-head"});
  element(head, "h2", {}, chart.title);
  const canvas = element(card, "div");
  const legend = element(card, "div", {class: "legend"});
  const values = chart.series.flatMap((s) => s.points.map((p) => p[1]));
  let isLog = spansADecade(values), geometry = null;
  if (Math.min(...values) > 0) {
    const scale = element(head, "button", {"aria-pressed": String(isLog)}, "log");
    scale.addEventListener("click", () => {
      isLog = !isLog;
      scale.setAttribute("aria-pressed", String(isLog));
      draw();
    });
  }

  function draw() {
    const factor = Number($("smoothing").value);
    const width = Math.max(canvas.clientWidth, 200), height = 230;
    const left = 58, bottom = 38, top = 8, right = width - 6;
    const form = isLog ? Math.log : (v) => v;
    let [low, high] = range(values);
    if (isLog) { low /= 1.08; high *= 1.08; } else {
      const margin = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
      low -= margin; high += margin;
    }
    const last = Math.max(data.kimg, 1e-9);
    const x = (kimg) => left + kimg / last * (right - left);
    const y = (v) => {
      const inside = form(Math.min(Math.max(v, low), high));
      return top + (form(high) - inside) / (form(high) - form(low)) * (height - top - bottom);
    };
    canvas.replaceChildren();
    const svg = element(canvas, "svg", {viewBox: `0 0 ${width} ${height}`, height,
      role: "img", "aria-label": `${chart.title} over kimg`});
    for (const phase of data.phases) {
      if (phase.from >= last) continue;
      const end = x(Math.min(phase.to, last));
      const odd = Math.log2(phase.resolution / data.phases[0].resolution) % 2;
      element(svg, "rect", {x: x(phase.from), y: top, width: end - x(phase.from),
        height: height - top - bottom, fill: "var(--ink)", "fill-opacity": 0.035 + 0.045 * odd});
    }
    for (const v of (isLog ? logTicks : evenTicks)(low, high, 4)) {
      element(svg, "path", {d: `M${left} ${y(v)} H${right}`, stroke: "var(--line)"});
      element(svg, "text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, number(v));
    }
    for (const kimg of evenTicks(0, last, width < 420 ? 3 : 5))
      element(svg, "text", {x: x(kimg), y: height - bottom + 16,
        "text-anchor": kimg > 0.96 * last ? "end" : "middle"}, number(kimg));
    element(svg, "text", {x: (left + right) / 2, y: height - 4, "text-anchor": "middle"},
      "thousands of reals shown (kimg)");
    const middle = (top + height - bottom) / 2;
    element(svg, "text", {x: 11, y: middle, "text-anchor": "middle",
      transform: `rotate(-90 11 ${middle})`}, chart.unit);
    for (const failure of data.failures) {
      if (failure.kimg > last) continue;
      const mark = element(svg, "path", {d: `M${x(failure.kimg)} ${top} V${height - bottom}`,
        stroke: "var(--bad)", "stroke-width": 1.5, "stroke-dasharray": "2 4"});
      element(mark, "title", {}, failure.told);
    }
    const line = (points, style) => element(svg, "path", {
      d: `M${points.map((p) => `${x(p[0])} ${y(p[1])}`).join("L")}`,
      fill: "none", "stroke-linejoin": "round", ...style});
    chart.series.forEach((series, i) => {
      const color = `var(--s${i % 6})`;
      if (series.dashed)
        return line(series.points, {stroke: color, "stroke-width": 1.5, "stroke-dasharray": "5 4"});
      if (factor)
        line(series.points, {stroke: color, "stroke-width": 1, "stroke-opacity": 0.3});
      line(factor ? smooth(series.points, factor) : series.points,
        {stroke: color, "stroke-width": 1.7});
      if (series.points.length < 40)
        for (const p of series.points)
          element(svg, "circle", {cx: x(p[0]), cy: y(p[1]), r: 2.2, fill: color});
    });
    const cursor = element(svg, "g");
    geometry = {x, y, top, left, right, width, floor: height - bottom, last, cursor};
    tell(null);
  }

  function tell(kimg) {
    const {x, y, top, floor, cursor, last} = geometry;
    cursor.replaceChildren();
    legend.replaceChildren();
    let place = null;
    chart.series.forEach((series, i) => {
      const point = nearest(series.points, kimg ?? last);
      if (place === null && !series.dashed) place = point[0];
      const told = series.told ? `${series.raw}: ${series.told}` : series.raw;
      const item = element(legend, "span", {style: `color: var(--s${i % 6})`, title: told});
      item.append(`${series.name} `);
      element(item, "b", {}, number(point[1]));
      if (kimg !== null && !series.dashed)
        element(cursor, "circle", {cx: x(point[0]), cy: y(point[1]), r: 4,
          fill: "none", stroke: `var(--s${i % 6})`, "stroke-width": 2});
    });
    if (kimg !== null && place !== null) {
      element(cursor, "path", {d: `M${x(place)} ${top} V${floor}`, stroke: "var(--faint)"});
      element(legend, "span", {}, `at ${number(place)} kimg`);
    }
  }

  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const {left, right, last} = geometry;
    const kimg = (event.clientX - box.left - left) / (right - left) * last;
    charts.forEach((each) => each.tell(Math.min(Math.max(kimg, 0), last)));
  });
  canvas.addEventListener("pointerleave", () => charts.forEach((each) => each.tell(null)));
  return {draw, tell};
}

function setUpPictures() {
  const frames = [...document.querySelectorAll(".frames figure")];
  if (!frames.length) return;
  const slider = $("slider"), play = $("play"), reals = $("reals"), fade = $("when");
  const shown = frames.filter((each) => each.dataset.kimg !== undefined);
  const real = frames.find((each) => each.dataset.kimg === undefined);
  let timer = null;
  slider.max = shown.length - 1;
  const before = kept().picture;
  slider.value = before === undefined ? slider.max : before;
  reals.setAttribute("aria-pressed", String(Boolean(real && kept().reals)));
  const isReal = () => reals.getAttribute("aria-pressed") === "true";
  const show = () => {
    const now = isReal() ? real : shown[slider.value];
    frames.forEach((each) => each.classList.toggle("shown", each === now));
    keep({reals: isReal(), picture: slider.value === slider.max ? undefined : slider.value});
    fade.textContent = isReal() ? "reals" : `${number(Number(now.dataset.kimg))} kimg`;
  };
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
  const fakes = () => reals.setAttribute("aria-pressed", "false");
  slider.addEventListener("input", () => { stop(); fakes(); show(); });
  play.addEventListener("click", () => {
    if (timer) return stop();
    fakes();
    if (slider.value === slider.max) slider.value = 0;
    play.textContent = "Stop";
    show();
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) stop();
    }, 350);
  });
  reals.hidden = !real;
  reals.addEventListener("click", () => {
    stop();
    reals.setAttribute("aria-pressed", String(!isReal()));
    show();
  });
  show();
}

function setUpEnlarging() {
  const large = $("large"), picture = large.firstElementChild;
  for (const each of document.querySelectorAll("figure img")) {
    const enlarge = () => {
      picture.src = each.src;
      picture.alt = each.alt;
      large.showModal();
    };
    each.tabIndex = 0;
    each.addEventListener("click", enlarge);
    each.addEventListener("keydown", (event) => { if (event.key === "Enter") enlarge(); });
  }
  large.addEventListener("click", () => large.close());
}

// What was chosen outlives a reload, where the browser allows it.
function kept() {
  try { return JSON.parse(sessionStorage.getItem(location.pathname)) ?? {}; }
  catch { return {}; }
}

function keep(chosen) {
  try {
    sessionStorage.setItem(location.pathname, JSON.stringify({...kept(), ...chosen}));
  } catch { /* It is then as it is at first. */ }
}

// A page of a run that goes on is written anew at each tick.
function setUpAge() {
  const age = $("age");
  if (!age) return;
  const seconds = Date.now() / 1000 - data.heard;
  const minutes = Math.round(seconds / 60);
  if (minutes >= 2)
    age.textContent = minutes < 120 ? ` (${minutes} minutes ago)` :
      ` (${Math.round(minutes / 60)} hours ago: it may have been ended)`;
  const isBusy = () => $("large").open || $("play")?.textContent === "Stop";
  const reload = () => { if (isBusy()) setTimeout(reload, 5000); else location.reload(); };
  setTimeout(reload, RELOAD_SECONDS * 1000);
}

const charts = data.charts.map((chart) => makeChart($("charts"), chart));
const draw = () => { drawSchedule(); charts.forEach((each) => each.draw()); };
$("toolbar").hidden = !charts.length;
function tellSmoothness() {
  const value = Number($("smoothing").value);
  $("smoothness").textContent = value ? String(value) : "none";
}
$("smoothing").value = kept().smoothing ?? 0;
$("smoothing").addEventListener("input", () => {
  keep({smoothing: $("smoothing").value});
  tellSmoothness();
  charts.forEach((each) => each.draw());
});
tellSmoothness();
let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth !== width) { width = window.innerWidth; draw(); }
});
setUpPictures();
setUpEnlarging();
setUpAge();
draw();
