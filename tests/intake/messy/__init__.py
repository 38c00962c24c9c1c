"""Eight workbooks of businesses that are not the demo, messy as people make them, each with what is true beside it."""

from tests.intake.messy.lists import ALL_LISTS
from tests.intake.messy.making import Messy

__all__ = ["ALL_LISTS", "Messy"]
