// The page of sliders. `browser.js`, before it, draws with the network.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const sliders = [...document.querySelectorAll(".slider")];
const origins = [...document.querySelectorAll("#origins button")];
const state = {origin: 0, values: data.directions.map(() => 0), showsOrigin: false};

// origin + the sum of each slider's value times its direction.
function latentsOf(origin, values) {
  return data.origins[origin].map((latent, i) => values.reduce(
    (sum, value, k) => sum + value * data.directions[k].vector[i], latent));
}

function signed(value) {
  return `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(1)}`;
}

function words() {
  const parts = state.values.map((value, k) =>
    value ? `${signed(value).replace(/^./, "$& ")} \u00d7 ${data.directions[k].title}` : "");
  const seed = `origin (seed ${data.seeds[state.origin]})`;
  return [seed, ...parts.filter(Boolean)].join(" ");
}

const drawer = data.network ? makeDrawer(data.network) : null;
async function draw(latents) {
  const context = $("picture").getContext("2d");
  if (drawer) {
    const image = await drawer(latents);
    const pixels = new ImageData(toPixels(image), image.width, image.height);
    context.putImageData(pixels, 0, 0);
    return;
  }
  const answer = await fetch("draw", {method: "POST", body: JSON.stringify(latents)});
  if (!answer.ok) throw new Error(await answer.text());
  context.drawImage(await createImageBitmap(await answer.blob()), 0, 0);
}

// One picture at a time: while it is drawn only the newest wish is kept.
let wanted = null, isDrawing = false;
async function redraw() {
  const values = state.showsOrigin ? state.values.map(() => 0) : state.values;
  wanted = latentsOf(state.origin, values);
  if (isDrawing) return;
  isDrawing = true;
  while (wanted) {
    const latents = wanted, begin = performance.now();
    wanted = null;
    try {
      await draw(latents);
      $("speed").textContent =
        `${((performance.now() - begin) / 1000).toFixed(2)} s per picture`;
    } catch (error) {
      $("speed").textContent = data.network
        ? String(error) : "generate.py does not answer; is it still running?";
    }
  }
  isDrawing = false;
}

function show() {
  sliders.forEach((slider, k) => {
    const value = state.values[k];
    slider.querySelector("input").value = value;
    slider.querySelector("output").textContent = value ? signed(value) : "0";
    slider.classList.toggle("moved", value !== 0);
  });
  origins.forEach((button, i) => {
    button.ariaPressed = String(i === state.origin);
  });
  const moved = state.values.some(Boolean);
  $("back").disabled = !moved;
  $("compare").disabled = !moved;
  $("compare").ariaPressed = String(state.showsOrigin);
  $("sum").textContent = state.showsOrigin ? "the origin itself" : words();
  redraw();
}

sliders.forEach((slider, k) => {
  slider.querySelector("input").addEventListener("input", (event) => {
    state.values[k] = Number(event.target.value);
    state.showsOrigin = false;
    show();
  });
});
origins.forEach((button, i) => button.addEventListener("click", () => {
  state.origin = i;
  state.showsOrigin = false;
  show();
}));
$("back").addEventListener("click", () => {
  state.values.fill(0);
  state.showsOrigin = false;
  show();
});
$("compare").addEventListener("click", () => {
  state.showsOrigin = !state.showsOrigin;
  show();
});
show();
