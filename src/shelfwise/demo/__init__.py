"""The demonstration: a first start seeds a warehouse with real orders and an invented building; later ones go on."""

from shelfwise.demo.keys import SignIn
from shelfwise.demo.seeding import DemoSignIn, prepare, seed

__all__ = ["DemoSignIn", "SignIn", "prepare", "seed"]
