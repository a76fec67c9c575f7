"""CelebA-HQ's crop: a photo turned upright around a face, 1024x1024.

Karras et al. 2018, appendix C. From the landmarks follow an oriented square and
from this the steps of `aligned`, each of which takes and returns a `View`.
The numbers are those of the program that the authors published with the data:
its results, computed with Pillow 3.1.1, are what the deltas of CelebA-HQ are to
be added to. Current Pillow rounds differently here and there, by a unit or two;
what else it does differently is undone in `_turned`.
"""

import dataclasses

import numpy as np
import scipy.fft
from PIL import Image

SIDE = 1024  # of the result, in pixels
_SAMPLES = 4  # per pixel of the result and direction, averaged at the end
# As fractions of the square's side.
_BORDER = 0.1  # what is kept around it, for the filters
_PADDING = 0.3  # how far the image is continued, where that is needed
_BLUR = 0.02  # standard deviation, where it is continued


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """A photo, and where in it the result lies.

    Attributes:
        image: RGB.
        quad: Corners of the square: top left, bottom left, bottom right, top
            right of the upright face. Columns and rows in pixels, float32
            [4,2]; whole numbers are centres of pixels.
        zoom: Pixels of the result per pixel of the image.
    """

    image: Image.Image
    quad: np.ndarray
    zoom: float


def aligned(image: Image.Image, landmarks: np.ndarray) -> Image.Image:
    """The face, upright and centred.

    Args:
        image: The photo, RGB.
        landmarks: Left eye, right eye, nose, left and right corner of the
            mouth (left in the image), as columns and rows, [5,2].

    Returns:
        RGB, 1024x1024.
    """
    quad, side = square(landmarks)
    view = _shrunk(View(image, quad, SIDE / side))
    # Measured here once: enlarging the image does not widen it.
    border = max(round(SIDE * _BORDER / view.zoom), 3)
    return _turned(_padded(_enlarged(_cropped(view, border)), border))


def square(landmarks: np.ndarray) -> tuple[np.ndarray, float]:
    """The square around a face: its corners, as in `View.quad`, and its side.

    Its width is parallel to a mean of the line through the eyes and of the
    normal on the line from them to the mouth; its side is four times the
    distance between the eyes or 3.6 times that to the mouth, whichever is more;
    its centre lies below the eyes by a tenth of that to the mouth.
    """
    points = np.asarray(landmarks, np.float32)
    left_eye, right_eye, _, left_mouth, right_mouth = points
    eyes = (left_eye + right_eye) * 0.5 + 0.5
    mouth = (left_mouth + right_mouth) * 0.5 + 0.5
    across, down = right_eye - left_eye, mouth - eyes
    x = across - _turned_right(down)
    # Scalars are in double precision, as in the NumPy of those days.
    half = max(float(np.hypot(*across)) * 2.0, float(np.hypot(*down)) * 1.8)
    x = x / np.hypot(*x) * half
    y = _turned_right(x)
    centre = eyes + down * 0.1
    signs = ((-1, -1), (-1, 1), (1, 1), (1, -1))
    quad = np.stack([centre + a * x + b * y for a, b in signs])
    return quad, 2 * float(np.hypot(*x))


def _turned_right(vector: np.ndarray) -> np.ndarray:
    """Turns it by 90 degrees, clockwise where rows count downwards."""
    return np.array([-vector[1], vector[0]])


def _shrunk(view: View) -> View:
    """Shrinks by a whole factor a photo much larger than the result."""
    factor = int(0.5 / view.zoom)
    if factor <= 1:
        return view
    width, height = view.image.size
    size = (round(width / factor), round(height / factor))
    return View(
        view.image.resize(size, Image.Resampling.LANCZOS),
        view.quad / factor,
        view.zoom * factor,
    )


def _cropped(view: View, border: int) -> View:
    """To the square and a border."""
    (left, top), (right, bottom) = _bounds(view.quad)
    width, height = view.image.size
    box = (
        max(left - border, 0),
        max(top - border, 0),
        min(right + border, width),
        min(bottom + border, height),
    )
    if box == (0, 0, width, height):
        return view
    return View(
        view.image.crop(box),
        view.quad - np.array(box[:2], np.float32),
        view.zoom,
    )


def _bounds(quad: np.ndarray) -> tuple[list[int], list[int]]:
    """The least upright box of whole pixels around the square."""
    low, high = np.floor(quad.min(axis=0)), np.ceil(quad.max(axis=0))
    return low.astype(int).tolist(), high.astype(int).tolist()


def _enlarged(view: View) -> View:
    """Enlarges by a power of two a photo smaller than the result.

    It stands in for the super-resolution that the authors used, whose part in
    the result is in the deltas.
    """
    factor = int(np.exp2(np.ceil(np.log2(view.zoom))))
    if factor <= 1:
        return view
    width, height = view.image.size
    return View(
        view.image.resize(
            (width * factor, height * factor), Image.Resampling.LANCZOS
        ),
        view.quad * factor,
        view.zoom / factor,
    )


def _padded(view: View, border: int) -> View:
    """Continues the image where the square reaches beyond it."""
    (left, top), (right, bottom) = _bounds(view.quad)
    width, height = view.image.size
    missing = (
        max(border - left, 0),
        max(border - top, 0),
        max(right - width + border, 0),
        max(bottom - height + border, 0),
    )
    if max(missing) <= border - 4:
        return view
    least = round(SIDE * _PADDING / view.zoom)
    margins = tuple(max(each, least) for each in missing)
    blur = SIDE * _BLUR / view.zoom
    pixels = continued(np.asarray(view.image), margins, blur)
    return View(
        Image.fromarray(pixels),
        view.quad + np.array(margins[:2], np.float32),
        view.zoom,
    )


def continued(
    image: np.ndarray, margins: tuple[int, ...], blur: float
) -> np.ndarray:
    """An image with margins that mirror it and fade to its median colour.

    The blur begins within the image, at a third of a margin's width from the
    edge, and is complete at the edge; there begins the fading, complete at the
    outer border.

    Args:
        image: uint8 [H,W,3].
        margins: Pixels to add on the left, above, on the right, below.
        blur: Standard deviation in pixels.

    Returns:
        uint8 [H+above+below,W+left+right,3].
    """
    left, above, right, below = margins
    height = image.shape[0] + above + below
    width = image.shape[1] + left + right
    x = np.arange(width, dtype=np.float32)
    y = np.arange(height, dtype=np.float32)[:, None]
    inwards = np.minimum(
        np.minimum(x / left, y / above),
        np.minimum((width - 1 - x) / right, (height - 1 - y) / below),
    )
    outside = 1 - inwards  # 1 at the border, 0 at the old edge
    result = np.empty((height, width, 3), np.uint8)
    for channel in range(3):  # one by one, as they are large
        pixels = image[..., channel].astype(np.float32)
        pixels = np.pad(pixels, ((above, below), (left, right)), "reflect")
        blurred = blur_pixels(pixels, blur)
        pixels += (blurred - pixels) * np.clip(outside * 3 + 1, 0, 1)
        pixels += (np.median(pixels) - pixels) * np.clip(outside, 0, 1)
        result[..., channel] = np.rint(pixels).clip(0, 255)
    return result


def blur_pixels(pixels: np.ndarray, deviation: float) -> np.ndarray:
    """`scipy.ndimage.gaussian_filter`, ten times as fast for wide Gaussians.

    The kernels have hundreds of weights, so the convolution is a product of
    Fourier transforms; the difference is below 0.001.
    """
    radius = int(4 * deviation + 0.5)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / deviation) ** 2).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        rows = np.swapaxes(pixels, axis, 1)
        rows = np.pad(rows, ((0, 0), (radius, radius)), "symmetric")
        length = rows.shape[1]
        size = scipy.fft.next_fast_len(length, real=True)
        product = scipy.fft.rfft(rows, size)
        product *= scipy.fft.rfft(weights, size)
        whole = scipy.fft.irfft(product, size)
        pixels = np.swapaxes(whole[:, 2 * radius : length], axis, 1)
    return pixels


def _turned(view: View) -> Image.Image:
    """The square, sampled four times as densely as needed and averaged."""
    # From Pillow's continuous coordinates: centres of pixels are at halves.
    quad = view.quad.astype(float) + 0.5
    size = SIDE * _SAMPLES
    # Differs: Pillow 3.1.1 took the upper left corner of an output pixel where
    # current ones take its centre; so the square moves by half such a pixel.
    top_left, bottom_left, _, top_right = quad
    quad -= (top_right + bottom_left - 2 * top_left) / (2 * size)
    turned = view.image.transform(
        (size, size),
        Image.Transform.QUAD,
        quad.ravel().tolist(),
        Image.Resampling.BILINEAR,
    )
    return turned.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
