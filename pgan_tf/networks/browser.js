"use strict";
// Draws with a generator in the page: `browser.py` says what its steps are.
//
// Images are {planes, height, width, count}: a Float32Array with one plane
// after the other. Vectors are images of 1x1.

// Long enough to be worth a pause, short enough for a page to stay alive.
const BETWEEN_PAUSES = 30;

function makeDrawer(network) {
  const weights = halfFloats(network.weights);
  let since = 0;
  const pause = async () => {
    if (performance.now() - since < BETWEEN_PAUSES) return;
    await new Promise((resolve) => setTimeout(resolve));
    since = performance.now();
  };
  // Latents, an array of numbers, to an image of about -1 to 1.
  return async (latents) => {
    since = performance.now();
    const made = [];
    for (const step of network.steps) {
      const inputs = step.inputs.map((place) => made[place]);
      made.push(await OPS[step.op](step, inputs, {latents, weights, pause}));
    }
    return made[made.length - 1];
  };
}

// Base64 of float16, little endian, to a Float32Array.
function halfFloats(text) {
  const bytes = atob(text);
  const values = new Float32Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = bytes.charCodeAt(2 * i), high = bytes.charCodeAt(2 * i + 1);
    const exponent = (high >> 2) & 31, rest = ((high & 3) << 8) | low;
    const size = exponent
      ? 2 ** (exponent - 15) * (1 + rest / 1024) : rest * 2 ** -24;
    values[i] = high & 128 ? -size : size;
  }
  return values;
}

function makeImage(count, height, width) {
  const planes = new Float32Array(count * height * width);
  return {planes, count, height, width};
}

function padded(image, border) {
  if (!border) return image;
  const {count, height, width, planes} = image;
  const wide = width + 2 * border;
  const result = makeImage(count, height + 2 * border, wide);
  for (let c = 0; c < count; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * height + y) * width;
      const to = (c * result.height + y + border) * wide + border;
      result.planes.set(planes.subarray(from, from + width), to);
    }
  return result;
}

function mapped(image, change) {
  return {...image, planes: image.planes.map(change)};
}

function vector(numbers) {
  return {planes: Float32Array.from(numbers), count: numbers.length,
    height: 1, width: 1};
}

const OPS = {
  latents: (step, inputs, {latents}) => vector(latents),
  label: (step) => vector(step.values),
  join: (step, inputs) => vector(inputs.flatMap((each) => [...each.planes])),

  rms(step, [image]) {
    const {count, planes} = image, size = image.height * image.width;
    const result = makeImage(count, image.height, image.width);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let at = i; at < planes.length; at += size) sum += planes[at] ** 2;
      const scale = 1 / Math.sqrt(sum / count + step.epsilon);
      for (let at = i; at < planes.length; at += size)
        result.planes[at] = planes[at] * scale;
    }
    return result;
  },

  dense(step, [{planes, count}], {weights}) {
    const result = makeImage(step.outputs, 1, 1);
    result.planes.set(weights.subarray(step.bias, step.bias + step.outputs));
    for (let i = 0; i < count; i++) {
      const row = step.kernel + i * step.outputs, x = planes[i];
      for (let o = 0; o < step.outputs; o++)
        result.planes[o] += x * weights[row + o];
    }
    return result;
  },

  // From channels last.
  reshape(step, [{planes, count}]) {
    const size = step.height * step.width, channels = count / size;
    const result = makeImage(channels, step.height, step.width);
    for (let i = 0; i < size; i++)
      for (let c = 0; c < channels; c++)
        result.planes[c * size + i] = planes[i * channels + c];
    return result;
  },

  leaky: (step, [image]) =>
    mapped(image, (x) => x < 0 ? step.slope * x : x),
  tanh: (step, [image]) => mapped(image, Math.tanh),

  async conv(step, [image], {weights, pause}) {
    const {planes, count, height, width} = padded(image, step.pad);
    const {size} = step, wide = width - size + 1, high = height - size + 1;
    const result = makeImage(step.outputs, high, wide);
    const add = size === 3 ? addThree : addAny;
    for (let o = 0; o < step.outputs; o++) {
      const plane = result.planes.subarray(o * high * wide, (o + 1) * high * wide);
      plane.fill(weights[step.bias + o]);
      for (let i = 0; i < count; i++)
        add(plane, high, wide, planes, i * height * width, width, weights,
          step.kernel + (o * count + i) * size * size, size);
      await pause();
    }
    return result;
  },

  // A transposed convolution of 4x4 and stride 2: of each output pixel 2x2
  // inputs, with other weights for even and odd rows and columns.
  async doubling(step, [image], {weights, pause}) {
    const {planes, count, height, width} = padded(image, 1);
    const wide = 2 * image.width, high = 2 * image.height;
    const result = makeImage(step.outputs, high, wide);
    for (let o = 0; o < step.outputs; o++) {
      const plane = result.planes.subarray(o * high * wide, (o + 1) * high * wide);
      plane.fill(weights[step.bias + o]);
      for (let i = 0; i < count; i++)
        for (const odd of [0, 1, 2, 3])
          addTwo(plane, wide, high, odd >> 1, odd & 1, planes,
            i * height * width, width, weights,
            step.kernel + (o * count + i) * 16);
      await pause();
    }
    return result;
  },

  repeat(step, [{planes, count, height, width}]) {
    const {factor} = step, wide = width * factor, high = height * factor;
    const result = makeImage(count, high, wide);
    for (let c = 0; c < count; c++)
      for (let y = 0; y < high; y++) {
        const from = (c * height + Math.floor(y / factor)) * width;
        const to = (c * high + y) * wide;
        for (let x = 0; x < wide; x++)
          result.planes[to + x] = planes[from + Math.floor(x / factor)];
      }
    return result;
  },

  pad: (step, [image]) => padded(image, step.border),
  add: (step, [a, b]) => mapped(a, (x, i) => x + b.planes[i]),
  subtract: (step, [a, b]) => mapped(a, (x, i) => x - b.planes[i]),
  multiply: (step, [a]) => mapped(a, (x) => x * step.number),
};

// Adds to a plane what a kernel of 3x3 makes of an input's plane.
function addThree(plane, high, wide, planes, begin, width, w, k) {
  const a = w[k], b = w[k + 1], c = w[k + 2], d = w[k + 3], e = w[k + 4];
  const f = w[k + 5], g = w[k + 6], h = w[k + 7], i = w[k + 8];
  for (let y = 0, to = 0; y < high; y++) {
    const up = begin + y * width, at = up + width, down = at + width;
    // What the next pixel needs again stays at hand: a third faster.
    let p = planes[up], q = planes[up + 1], r = planes[at], s = planes[at + 1];
    let t = planes[down], u = planes[down + 1];
    for (let x = 2; x < wide + 2; x++, to++) {
      const v = planes[up + x], z = planes[at + x], o = planes[down + x];
      plane[to] += a * p + b * q + c * v + d * r + e * s + f * z +
        g * t + h * u + i * o;
      p = q; q = v; r = s; s = z; t = u; u = o;
    }
  }
}

function addAny(plane, high, wide, planes, begin, width, w, k, size) {
  for (let ky = 0; ky < size; ky++)
    for (let kx = 0; kx < size; kx++) {
      const weight = w[k + ky * size + kx];
      for (let y = 0, to = 0; y < high; y++) {
        let at = begin + (y + ky) * width + kx;
        for (let x = 0; x < wide; x++) plane[to++] += weight * planes[at++];
      }
    }
}

// The pixels of even or odd rows and columns; the input has a border of 1.
function addTwo(plane, wide, high, oddY, oddX, planes, begin, width, w, k) {
  // Of row 2y the inputs y - 1 and y, by rows 3 and 1 of the kernel; of row
  // 2y + 1 the inputs y and y + 1, by its rows 2 and 0. Columns likewise.
  const row = 3 - oddY, column = 3 - oddX;
  const a = w[k + 4 * row + column], b = w[k + 4 * row + column - 2];
  const c = w[k + 4 * row - 8 + column], d = w[k + 4 * row - 8 + column - 2];
  for (let y = oddY; y < high; y += 2) {
    let up = begin + ((y - oddY) / 2 + oddY) * width + oddX;
    let down = up + width, p = planes[up], q = planes[down];
    for (let to = y * wide + oddX; to < (y + 1) * wide; to += 2) {
      const right = planes[++up], below = planes[++down];
      plane[to] += a * p + b * right + c * q + d * below;
      p = right; q = below;
    }
  }
}

// The pixels of an image of about -1 to 1, as networks' images are quantised.
function toPixels({planes, count, height, width}) {
  const size = height * width;
  const pixels = new Uint8ClampedArray(4 * size).fill(255);
  for (let i = 0; i < size; i++)
    for (let c = 0; c < 3; c++)
      pixels[4 * i + c] = planes[(count === 3 ? c : 0) * size + i] * 127.5 + 127.5;
  return pixels;
}
