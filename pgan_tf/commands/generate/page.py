"""The page that `explore` writes: one file, which loads nothing else."""

import html
from typing import Any

from pgan_tf.base import web_page

_TITLE, _CONTENT = "%TITLE%", "%CONTENT%"


TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>%TITLE%</title>
<style>
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f6f8, #141418);
  --card: light-dark(#fff, #1f1f26);
  --ink: light-dark(#1b1b22, #ececf1);
  --faint: light-dark(#5f5f6b, #a0a0ad);
  --line: light-dark(#dcdce3, #34343e);
  --accent: light-dark(#2563eb, #7aa7ff);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 920px; padding: 20px 16px 48px;
  background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 28px 0 12px; }
p { margin: 0 0 14px; color: var(--faint); max-width: 70ch; }
.bar {
  position: sticky; top: 0; z-index: 1; display: flex; gap: 8px;
  padding: 8px 16px; margin: 0 -16px; align-items: center;
  background: var(--paper); border-bottom: 1px solid var(--line);
}
.faces {
  display: flex; gap: 6px; flex: 0 1 auto; min-width: 0; overflow-x: auto;
  padding: 3px;
}
.faces button {
  flex: none; width: 54px; height: 54px; padding: 0; cursor: pointer;
  border: 3px solid transparent; border-radius: 10px;
  background-repeat: no-repeat;
}
.faces button[aria-pressed=true] { border-color: var(--accent); }
.action {
  flex: none; height: 40px; padding: 0 12px; cursor: pointer;
  border: 1px solid var(--line); border-radius: 10px;
  background: var(--card); color: var(--ink); font: inherit;
}
.action[aria-pressed=true] { color: var(--accent); }
.cards {
  display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(min(200px, 42vw), 1fr));
}
.card {
  background: var(--card); border: 1px solid var(--line);
  border-radius: 14px; overflow: hidden;
}
.picture {
  aspect-ratio: 1; width: 100%; touch-action: pan-y; cursor: ew-resize;
  background-repeat: no-repeat;
}
.text { padding: 8px 12px 12px; }
.text b { display: block; overflow-wrap: anywhere; }
.text small { color: var(--faint); }
input[type=range] {
  width: 100%; margin: 10px 0 0; accent-color: var(--accent); display: block;
  height: 24px;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
</style>
</head>
<body>
<h1>%TITLE%</h1>
<p>Choose a picture, then move the sliders, or draw over the pictures. Each
slider moves along one direction of the latent space; all begin where the
chosen picture is.</p>
<div class="bar">
<div class="faces" role="group" aria-label="Pictures to start from"></div>
</div>
<main></main>
<script type="application/json" id="content">%CONTENT%</script>
<script>
"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const rows = content.seeds.length, places = content.places;
const main = document.querySelector("main");
const faces = document.querySelector(".faces");
let chosen = 0, swaying = null;

function make(parent, tag, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  parent.append(element);
  return element;
}

// Shows the picture of a place and a row, out of all of a direction.
function show(element, card, place, row) {
  element.style.backgroundImage = `url(${card.sprite})`;
  element.style.backgroundSize = `${places * 100}% ${rows * 100}%`;
  const x = 100 * place / (places - 1);
  const y = rows > 1 ? 100 * row / (rows - 1) : 0;
  element.style.backgroundPosition = `${x}% ${y}%`;
}

function makeCard(parent, card) {
  const box = make(parent, "div", {className: "card"});
  const picture = make(box, "div", {className: "picture"});
  const text = make(box, "div", {className: "text"});
  make(text, "b", {textContent: card.title});
  make(text, "small", {textContent: card.remark});
  const slider = make(text, "input", {
    type: "range", min: 0, max: places - 1, step: 1, ariaLabel: card.title,
  });
  const update = () => show(picture, card, slider.valueAsNumber, chosen);
  const move = (value) => { slider.value = value; update(); };
  slider.addEventListener("input", () => { stop(); update(); });
  const drag = (event) => {
    if (event.pointerType !== "mouse" || event.buttons) {
      stop();
      const frame = picture.getBoundingClientRect();
      const part = (event.clientX - frame.left) / frame.width;
      move(Math.floor(part * places));
    }
  };
  picture.addEventListener("pointerdown", drag);
  picture.addEventListener("pointermove", drag);
  return {reset: () => move(card.starts[chosen]), move};
}

const cards = [];
let section = null, grid = null;
for (const card of content.cards) {
  if (card.section !== section) {
    section = card.section;
    make(main, "h2", {textContent: section});
    grid = make(main, "div", {className: "cards"});
  }
  cards.push(makeCard(grid, card));
}

const buttons = content.seeds.map((seed, row) => {
  const button = make(faces, "button", {
    title: `seed ${seed}`, ariaLabel: `seed ${seed}`,
  });
  show(button, content.cards[0], content.cards[0].starts[row], row);
  button.addEventListener("click", () => choose(row));
  return button;
});
function choose(row) {
  chosen = row;
  stop();
  buttons.forEach((each, i) => { each.ariaPressed = String(i === row); });
  cards.forEach((each) => each.reset());
}

const bar = document.querySelector(".bar");
const action = (text) => make(
  bar, "button", {className: "action", textContent: text},
);
const reset = action("Reset");
reset.addEventListener("click", () => choose(chosen));
const sway = action("Sway");
sway.ariaPressed = "false";
function stop() {
  if (swaying !== null) cancelAnimationFrame(swaying);
  swaying = null;
  sway.ariaPressed = "false";
}
sway.addEventListener("click", () => {
  if (swaying !== null) return stop();
  sway.ariaPressed = "true";
  const frame = (time) => {
    const part = (1 - Math.cos(time / 700)) / 2;
    cards.forEach((each) => each.move(Math.round(part * (places - 1))));
    swaying = requestAnimationFrame(frame);
  };
  swaying = requestAnimationFrame(frame);
});
choose(0);
</script>
</body>
</html>
"""


def render(content: dict[str, Any]) -> str:
    """The page.

    Args:
        content: "title"; "seeds", a list; "places", how many pictures a
            slider has; "cards", each with "section", "title", "remark",
            "starts" (the place of each seed's own picture) and "sprite" (the
            URI of a picture with a row per seed and a column per place).
    """
    data = web_page.inert_json(content)
    page = TEMPLATE.replace(_TITLE, html.escape(content["title"]))
    return page.replace(_CONTENT, data)
