"""The families of rows: each has `rows(bench)`, which measures and yields them."""

from suite.families import footprint, http, many, opening, signals

FAMILIES = {"signals": signals, "opening": opening, "http": http, "many": many, "footprint": footprint}
