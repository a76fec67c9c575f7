from xml.etree import ElementTree

from benchmarks import terminal_picture
from tests import common

_SVG = "{http://www.w3.org/2000/svg}"


class TerminalPictureTest(common.TestCase):
    def texts(self, screen: str) -> list[tuple]:
        """(text, column, row, colour, bold) of what is drawn."""
        svg = ElementTree.fromstring(terminal_picture.draw(screen))
        return [
            (
                each.text,
                round((float(each.get("x")) - 14) / 8.4),
                round((float(each.get("y")) - 14) / 19 - 0.75),
                each.get("fill"),
                each.get("font-weight") == "bold",
            )
            for each in svg.iter(f"{_SVG}text")
        ]

    def test_lines_and_colours(self):
        ink, green = "#e6e6e3", "#8fce8f"
        self.assertEqual(
            self.texts("$ a <b>\n\n  c \x1b[1;32md\x1b[0m  e\x1b[K\n"),
            [
                ("$ a <b>", 0, 0, ink, False),
                ("c", 2, 2, ink, False),
                ("d", 4, 2, green, True),
                ("e", 7, 2, ink, False),
            ],
        )

    def test_a_font_of_any_width_fills_the_cells(self):
        (text,) = ElementTree.fromstring(terminal_picture.draw("x" * 80)).iter(
            f"{_SVG}text"
        )
        self.assertAlmostEqual(float(text.get("textLength")), 80 * 8.4, 3)
